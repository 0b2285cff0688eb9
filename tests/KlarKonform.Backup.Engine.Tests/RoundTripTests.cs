using System.Globalization;
using System.Text;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Calendars;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;
using MimeKit;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Back up, delete everything in the tenant, restore to Microsoft 365, compare.</summary>
public sealed class RoundTripTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 3,
        MailsPerUser = 25,
        FilesPerUser = 20,
        MaxFileBytes = 300_000,
        EventsPerUser = 20,
        ContactsPerUser = 15,
        Sites = 2,
    };

    /// <summary>A tenant whose app may write.</summary>
    internal static DemoTenantOptions Writable(DemoTenantOptions? options = null)
    {
        options ??= new DemoTenantOptions();
        return options with
        {
            Permissions = options
                .Permissions.Concat(["Mail.ReadWrite", "Calendars.ReadWrite", "Contacts.ReadWrite", "Files.ReadWrite.All"])
                .ToHashSet(),
        };
    }

    [Fact]
    public async Task Everything_that_was_deleted_comes_back_as_it_was_without_an_invitation_and_a_second_restore_adds_nothing()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, Writable(), BackupScenario.Everything);
        scenario.Tenant.Change(
            (model, generator) =>
            {
                AddOddMail(model.Users[0].Mailbox!);
                generator.Drives.AddOddities(model.Users[0].Drive!);
                foreach (var message in model.Users[0].Mailbox!.Messages.Values.Take(6))
                {
                    message.IsFlagged = true;
                    message.Importance = "high";
                    message.Categories.AddRange(["Rot", "Grün & Blau"]);
                    model.Users[0].Mailbox!.Touch(message);
                }
            }
        );
        var run = await scenario.RunAsync();
        Assert.NotNull(run.SnapshotId);
        var before = scenario.Tenant.Change((model, _) => Describe(model));

        scenario.Tenant.Change((model, _) => DeleteEverything(model));
        var restored = await RestoreAsync(scenario, new CloudRestore());
        NoneOf(
            string.Join(
                "\n",
                restored.Where(item => item.Status == "Failed").Take(5).Select(item => $"{item.Path}: {item.Code} {item.Detail}")
            )
        );
        AssertEqual(before, scenario.Tenant.Change((model, _) => Describe(model)));
        Assert.Equal(0, scenario.Tenant.Counters.Counts.GetValueOrDefault("invitation"));
        Assert.Empty(scenario.Tenant.Counters.Violations);

        var again = await RestoreAsync(scenario, new CloudRestore());
        Assert.Empty(again.Where(item => item.Status == "Restored").Select(item => item.Path));
        AssertEqual(before, scenario.Tenant.Change((model, _) => Describe(model)));
    }

    [Fact]
    public async Task A_mailbox_goes_to_another_user_into_a_folder_of_its_own_and_a_drive_likewise()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, Writable(), BackupScenario.Everything);
        await scenario.RunAsync();
        var (source, target) = scenario.Tenant.Change((model, _) => (model.Users[0], model.Users[1]));
        var (mails, events, contacts, files) = (
            target.Mailbox!.Messages.Count,
            target.Mailbox.Events.Count,
            target.Mailbox.Contacts.Count,
            target.Drive!.Items.Values.Count(item => !item.IsFolder)
        );
        var cloud = new CloudRestore { User = target.UserPrincipalName, Folder = "Aus der Sicherung" };
        await RestoreAsync(scenario, cloud, $"/Exchange/{source.UserPrincipalName}", $"/OneDrive/{source.UserPrincipalName}");
        Assert.Equal(
            mails
                + source.Mailbox!.Messages.Values.Count(message =>
                    source.Mailbox.Folders[message.FolderId].Store == DemoFolderStore.Visible
                ),
            target.Mailbox.Messages.Count
        );
        Assert.Equal(
            (events + source.Mailbox.Events.Count, contacts + source.Mailbox.Contacts.Count),
            (target.Mailbox.Events.Count, target.Mailbox.Contacts.Count)
        );
        Assert.Equal(
            files + source.Drive!.Items.Values.Count(item => item is { IsFolder: false, IsNotebook: false }),
            target.Drive.Items.Values.Count(item => !item.IsFolder)
        );
        var top = target.Mailbox.Folders.Values.Single(folder => folder.Name == "Aus der Sicherung");
        Assert.Contains(target.Mailbox.Folders.Values, folder => folder.ParentId == top.Id && folder.Name == "Posteingang");
        Assert.Empty(scenario.Tenant.Counters.Violations);
    }

    [Fact]
    public async Task A_restore_that_is_disturbed_at_every_step_restores_everything_once()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes with
            {
                Users = 1,
            },
            Writable(new DemoTenantOptions { FaultRate = 0 }),
            BackupScenario.Everything
        );
        await scenario.RunAsync();
        var before = scenario.Tenant.Change((model, _) => Describe(model));
        scenario.Tenant.Change((model, _) => DeleteEverything(model));
        scenario.Tenant.LoseAnswers(7);
        scenario.Tenant.BreakUploads(5);
        scenario.Tenant.Throttle(scenario.Tenant.Change((model, _) => model.Users[0].Id), TimeSpan.FromSeconds(2));
        var restored = await RestoreAsync(scenario, new CloudRestore());
        NoneOf(
            string.Join(
                "\n",
                restored.Where(item => item.Status == "Failed").Take(5).Select(item => $"{item.Path}: {item.Code} {item.Detail}")
            )
        );
        scenario.Tenant.LoseAnswers(0);
        AssertEqual(before, scenario.Tenant.Change((model, _) => Describe(model)));
    }

    [Fact]
    public async Task What_was_deleted_comes_back_out_of_the_kept_items_to_where_it_was()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes with { Users = 1 }, Writable(), BackupScenario.Everything);
        await scenario.Engine.UpdateConfigurationAsync(
            scenario.Configuration() with
            {
                Sources = BackupScenario.Everything,
                Retention = new RetentionSettings { DeletedItems = DeletedItemsPolicy.KeepUntilRetention },
            },
            default
        );
        await scenario.RunAsync();
        var before = scenario.Tenant.Change((model, _) => Describe(model));
        scenario.Tenant.Change((model, _) => DeleteEverything(model));
        await scenario.RunAsync();
        Assert.Empty(await RestoreAsync(scenario, new CloudRestore(), "/Exchange", "/OneDrive"));
        var kept = await RetentionTests.FindAsync(scenario, new ItemQuery { SnapshotId = "latest", Deleted = true });
        await RestoreAsync(
            scenario,
            new CloudRestore(),
            [
                .. kept.Where(item =>
                        item.Type is "Mail" or "Event" or "Contact" or "File" && item.ItemId is not null && item.Source != "SharePoint"
                    )
                    .Select(item => item.Path),
            ]
        );
        var after = scenario.Tenant.Change((model, _) => Describe(model));
        foreach (var kind in (string[])["mail ", "event ", "contact "])
            AssertEqual(
                [.. before.Where(line => line.StartsWith(kind, StringComparison.Ordinal))],
                [.. after.Where(line => line.StartsWith(kind, StringComparison.Ordinal))]
            );
    }

    [Fact]
    public async Task Permissions_and_links_of_files_come_back_when_they_are_wanted()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes with
            {
                Users = 1,
            },
            Writable(),
            new SourceSettings { OneDrive = new DriveSelection() }
        );
        var name = scenario.Tenant.Change(
            (model, generator) =>
            {
                var drive = model.Users[0].Drive!;
                var file = generator.AddFile(drive, drive.Root, "geteilt.txt", 500);
                drive.Share(file, new DemoPermission("P1", "write", null, "Björn Muster"));
                drive.Share(file, new DemoPermission("P2", "read", "organization", null));
                return file.Name;
            }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change((model, _) => DeleteEverything(model));
        await RestoreAsync(scenario, new CloudRestore { Permissions = true });
        scenario.Tenant.Change(
            (model, _) =>
            {
                var file = model.Users[0].Drive!.Items.Values.Single(item => item.Name == name);
                Assert.Equal([("write", null), ("read", "organization")], file.Permissions.Select(each => (each.Role, each.LinkScope)));
            }
        );
    }

    [Fact]
    public async Task A_large_mail_comes_back_in_pieces_within_the_limit_of_a_request()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 1,
                FilesPerUser = 1,
            },
            Writable(),
            new SourceSettings { Mail = new MailSelection() }
        );
        scenario.Tenant.Change(
            (model, _) =>
            {
                var mailbox = model.Users[0].Mailbox!;
                mailbox.Add(
                    new DemoMessage
                    {
                        Id = "AAkALgLARGE001",
                        FolderId = mailbox.Folder("inbox").Id,
                        Subject = "Groß",
                        From = "a@b.example",
                        To = "c@d.example",
                        Received = new DateTimeOffset(2026, 2, 1, 8, 0, 0, TimeSpan.Zero),
                        Seed = 5,
                        TextLength = 100,
                        Attachments =
                        [
                            new DemoAttachment("A1", "eins.bin", "application/octet-stream", 1, 9_000_000),
                            new DemoAttachment("A2", "zwei.bin", "application/octet-stream", 2, 2_500_000),
                            new DemoAttachment("A3", "drei.bin", "application/octet-stream", 3, 2_000_000),
                        ],
                    }
                );
            }
        );
        await scenario.RunAsync();
        var before = scenario.Tenant.Change(
            (model, _) => Describe(model).FindAll(line => line.StartsWith("mail ", StringComparison.Ordinal))
        );
        scenario.Tenant.Change((model, _) => DeleteEverything(model));
        Assert.All(await RestoreAsync(scenario, new CloudRestore()), item => Assert.Equal("Restored", item.Status));
        AssertEqual(
            before,
            scenario.Tenant.Change((model, _) => Describe(model).FindAll(line => line.StartsWith("mail ", StringComparison.Ordinal)))
        );
        Assert.Empty(scenario.Tenant.Counters.Violations);
    }

    [Fact]
    public async Task A_missing_write_permission_is_one_error_that_names_it_and_nothing_is_written()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: new SourceSettings { Mail = new MailSelection() });
        await scenario.RunAsync();
        scenario.Tenant.Change((model, _) => DeleteEverything(model));
        var refused = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(scenario, new CloudRestore()));
        Assert.Equal("GraphAccessDenied", refused.ErrorId);
        Assert.Contains("Mail.ReadWrite", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mailbox_that_is_full_ends_its_own_restore_with_a_clear_error()
    {
        await using var scenario = await BackupScenario.StartAsync(
            options: Writable(),
            sources: new SourceSettings { Mail = new MailSelection() }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                DeleteEverything(model);
                model.Users[0].Mailbox!.IsOverQuota = true;
            }
        );
        var restored = await RestoreAsync(scenario, new CloudRestore());
        Assert.Equal("RestoreTargetFull", Assert.Single(restored, item => item.Status == "Failed").Code);
        Assert.Contains(restored, item => item.Status == "Restored");
    }

    private static async Task<List<RestoredItem>> RestoreAsync(BackupScenario scenario, CloudRestore cloud, params string[] paths)
    {
        var items = new List<RestoredItem>();
        await foreach (
            var item in scenario
                .Engine.RestoreAsync(
                    "Test",
                    new RestoreRequest { Paths = paths.Length > 0 ? paths : ["/"], Cloud = cloud },
                    scenario,
                    scenario,
                    default
                )
                .ConfigureAwait(false)
        )
            items.Add(item);
        return items;
    }

    private static void AddOddMail(DemoMailbox mailbox)
    {
        string[] odd =
        [
            "From: \"Müller, Jörg\" <joerg@kunde.example>\r\nTo: a@demo.example, \"B, C\" <b@demo.example>\r\n"
                + "Cc: c@demo.example\r\nSubject: HTML mit Bild\r\nDate: Thu, 05 Feb 2026 10:00:00 +0100\r\n"
                + "Message-ID: <odd1@kunde.example>\r\nMIME-Version: 1.0\r\n"
                + "Content-Type: multipart/related; boundary=R\r\n\r\n--R\r\n"
                + "Content-Type: multipart/alternative; boundary=A\r\n\r\n--A\r\n"
                + "Content-Type: text/plain; charset=utf-8\r\n\r\nText\r\n--A\r\n"
                + "Content-Type: text/html; charset=utf-8\r\n\r\n"
                + "<html><body><img src=\"cid:bild1\">Gr\u00fc\u00dfe</body></html>\r\n--A--\r\n--R\r\n"
                + "Content-Type: image/png; name=b.png\r\nContent-ID: <bild1>\r\n"
                + "Content-Disposition: inline; filename=b.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--R--\r\n",
            "From: x@kunde.example\r\nTo: a@demo.example\r\nSubject: Weitergeleitet\r\n"
                + "Date: Thu, 05 Feb 2026 11:00:00 +0100\r\nMessage-ID: <odd2@kunde.example>\r\nMIME-Version: 1.0\r\n"
                + "Content-Type: multipart/mixed; boundary=M\r\n\r\n--M\r\nContent-Type: text/plain\r\n\r\nSiehe Anlage\r\n--M\r\n"
                + "Content-Type: message/rfc822\r\n\r\nFrom: y@kunde.example\r\nSubject: Innen\r\n\r\nInnerer Text\r\n--M--\r\n",
            "Subject: ohne alles\r\n\r\nnur Text",
        ];
        for (var i = 0; i < odd.Length; i++)
        {
            mailbox.Add(
                new DemoMessage
                {
                    Id = $"AAkALgODD{i:D6}",
                    FolderId = mailbox.Folder("inbox").Id,
                    Subject = i switch
                    {
                        0 => "HTML mit Bild",
                        1 => "Weitergeleitet",
                        _ => "ohne alles",
                    },
                    From = i == 0 ? "joerg@kunde.example" : "x@kunde.example",
                    To = "a@demo.example",
                    Received = new DateTimeOffset(2026, 2, 5, 9 + i, 0, 2, TimeSpan.Zero),
                    Seed = 1,
                    TextLength = 1,
                    RawMime = Encoding.UTF8.GetBytes(odd[i]),
                    IsDraft = i == 2,
                }
            );
        }
    }

    /// <summary>Deletes all mail, events, contacts and files.</summary>
    internal static void DeleteEverything(DemoTenantModel model)
    {
        foreach (var mailbox in model.Users.Select(user => user.Mailbox).OfType<DemoMailbox>())
        {
            foreach (var message in mailbox.Messages.Values.ToArray())
                mailbox.Delete(message);
            foreach (
                var folder in mailbox
                    .Folders.Values.Where(folder => folder is { WellKnownName: null, IsSearchFolder: false, Hidden: false })
                    .ToArray()
            )
            {
                if (mailbox.Folders.ContainsKey(folder.Id))
                    mailbox.DeleteFolder(folder);
            }

            mailbox.Events.Clear();
            foreach (var contact in mailbox.Contacts.Values.ToArray())
                mailbox.Delete(contact);
        }

        foreach (var drive in model.Drives)
        {
            foreach (var item in drive.Items.Values.Where(item => item.ParentId == drive.Root.Id).ToArray())
                drive.Delete(item);
        }
    }

    private static void NoneOf(string differences) => Assert.True(differences.Length == 0, differences);

    private static void AssertEqual(List<string> before, List<string> after)
    {
        NoneOf(
            string.Join(
                "\n",
                before
                    .Except(after)
                    .Take(3)
                    .Select(line => "missing: " + line)
                    .Concat(after.Except(before).Take(3).Select(line => "new:     " + line))
            )
        );
        Assert.Equal(before.Count, after.Count);
    }

    // One line per item with everything that a restore promises to bring back.
    private static List<string> Describe(DemoTenantModel model)
    {
        var lines = new List<string>();
        foreach (var user in model.Users.Where(user => user.Mailbox is not null))
        {
            var mailbox = user.Mailbox!;
            string PathOf(string folder) => mailbox.Folders[folder] is { ParentId: { } parent } each ? $"{PathOf(parent)}/{each.Name}" : "";
            lines.AddRange(
                mailbox
                    .Folders.Values.Where(folder => !folder.IsSearchFolder)
                    .Select(folder => $"folder {user.UserPrincipalName} {PathOf(folder.Id)}")
            );
            lines.AddRange(
                mailbox.Messages.Values.Select(message => $"mail {user.UserPrincipalName} {PathOf(message.FolderId)} {Mail(message)}")
            );
            lines.AddRange(
                mailbox.Events.Values.Select(item =>
                    $"event {user.UserPrincipalName} {mailbox.Calendars[item.CalendarId].Name} {Event(item)}"
                )
            );
            lines.AddRange(
                mailbox.Contacts.Values.Select(contact =>
                    $"contact {user.UserPrincipalName} {mailbox.ContactFolders[contact.FolderId].Name} {contact.GivenName}|"
                    + $"{contact.Surname}|{contact.Company}|{contact.Notes}|{contact.Phone}|{contact.Birthday}|"
                    + $"{Hash(contact.PhotoBytes ?? (contact.PhotoSeed is { } seed ? SeededContent.Photo(seed) : []))}"
                )
            );
        }

        foreach (var drive in model.Drives)
            lines.AddRange(
                drive
                    .Items.Values.Where(item =>
                        item is { ParentId: not null, IsMalware: false, IsContentMissing: false, IsShortcut: false } && !IsLost(item)
                    )
                    .Select(item => $"file {drive.Id} {drive.PathOf(item)} {item.IsFolder || item.IsNotebook} {File(item)}")
            );
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    // Names that SharePoint itself would not accept through the API, and files that it serves with different bytes than announced.
    private static bool IsLost(DemoDriveItem item) =>
        item.Name.EndsWith('.')
        || item.Name != item.Name.Trim()
        || item.Name.StartsWith("~$", StringComparison.Ordinal)
        || item.Name is "Punkt am Ende" or "vorn und hinten" or "_~$Sperre.docx" or "umgeschrieben.docx";

    private static string File(DemoDriveItem item) =>
        item.IsFolder || item.IsNotebook
            ? ""
            : $"{Hash(item.Content ?? SeededContent.Bytes(item.Seed, (int)item.Size))} {item.Modified.UtcDateTime:s}";

    private static string Mail(DemoMessage message)
    {
        using var stream = new MemoryStream();
        MimeWriter.WriteAsync(message, stream, default).GetAwaiter().GetResult();
        stream.Position = 0;
        var mime = MimeMessage.Load(stream);
        var text = (mime.HtmlBody ?? mime.TextBody ?? "").Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd();
        var attachments = mime
            .BodyParts.Where(part => part is not TextPart || part.IsAttachment)
            .Select(part =>
            {
                using var content = new MemoryStream();
                if (part is MessagePart inner)
                    inner.Message!.WriteTo(content);
                else
                    ((MimePart)part).Content!.DecodeTo(content);
                var name = (part as MimePart)?.FileName;
                var isMail = part is MessagePart || name?.EndsWith(".eml", StringComparison.Ordinal) == true;
                return $"{name ?? "mail"}:{(isMail ? "" : Hash(content.ToArray()))}";
            })
            .Select(text => text.EndsWith(".eml:", StringComparison.Ordinal) ? "mail:" : text)
            .Order(StringComparer.Ordinal);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{message.InternetMessageId}|{message.Subject}|{message.From}|"
                + $"{string.Join(',', mime.To.Mailboxes.Select(each => each.Address))}|"
                + $"{string.Join(',', mime.Cc.Mailboxes.Select(each => each.Address))}|{message.Received.UtcDateTime:s}|"
                + $"{message.IsRead}|{message.IsDraft}|{message.IsFlagged}|{message.Importance}|"
                + $"{string.Join(',', message.Categories)}|{Hash(Encoding.UTF8.GetBytes(text))}|{string.Join(',', attachments)}"
        );
    }

    private static string Event(DemoEvent item)
    {
        var json = CalendarEndpoints.Json(item);
        var html = item.Html;

        // Attendees are listed below the text, and not invited again.
        var attendees = item.Attendees.Count > 0 || html.Contains("raum7@demo.example", StringComparison.Ordinal);
        if (html.IndexOf("<p><b>", StringComparison.Ordinal) is >= 0 and var start)
            html = html[..start] + html[(html.IndexOf("</p>", start, StringComparison.Ordinal) + 4)..];
        var exceptions = item
            .Exceptions.OrderBy(each => each.OriginalStart)
            .Select(each => $"{each.OriginalStart:s}>{each.Subject}@{each.Start:s}-{each.End:s}");
        var files = string.Join(',', item.Attachments.Where(each => !each.IsReference).Select(each => $"{each.Name}:{Hash(each.Content)}"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{item.Subject}|{html}|{item.Start:s}|{item.End:s}|{item.IsAllDay}|{item.ShowAs}|{item.Sensitivity}|"
                + $"{item.Importance}|{item.Location}|{item.ReminderMinutes}|{json["isReminderOn"]}|{Series(item.Recurrence)}|"
                + $"{string.Join(',', exceptions)}|{string.Join(',', item.Cancelled.Order())}|{attendees}|"
                + $"{files}"
        );
    }

    private static string Series(DemoRecurrence? series) =>
        series is null
            ? ""
            : $"{series.Type} {series.Interval} {string.Join(',', series.Days)} {series.Range} {series.Start} "
                + $"{series.DayOfMonth} {series.Month} {series.Index} {series.Count} {series.End}";

    private static string Hash(byte[] content) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content))[..16];
}
