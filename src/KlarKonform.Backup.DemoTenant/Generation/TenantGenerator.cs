using System.Globalization;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>Fills a tenant, and changes it between runs. The same seed gives the same tenant and the same changes.</summary>
public sealed class TenantGenerator
{
    private static readonly string[] s_firstNames = ["Anna", "Björn", "Clara", "Dörte", "Emil", "Fatma", "Günther", "Hanna", "Ivo", "Jule"];
    private static readonly string[] s_subjects =
    [
        "Angebot 4711",
        "Re: Rechnung für März",
        "Größe & Gewicht <wichtig>",
        "Terminänderung: 24.12.",
        "AW: AW: Vertrag / Anlage 3",
        "..\\..\\etc\\passwd",
        "🎉 Jubiläum",
        "Frage: \"wann?\"",
        "CON",
        "Protokoll\tJour fixe",
        "",
        "Ein sehr langer Betreff " + "der nicht endet ",
    ];

    // No mailbox is older than this.
    private const int MaxHours = 6 * 365 * 24;

    private readonly DemoTenantModel _tenant;
    private readonly TenantSizes _sizes;
    private readonly Random _random;
    private readonly GeneratorState _state;

    public TenantGenerator(DemoTenantModel tenant, TenantSizes sizes)
    {
        _tenant = tenant;
        _sizes = sizes;
        _state = new GeneratorState(tenant, sizes);
        _random = _state.Random;
        Drives = new DriveGenerator(_state);
        Sites = new SiteGenerator(tenant, _state, Drives);
        Calendars = new CalendarGenerator(_state);
        Contacts = new ContactGenerator(_state);
        Directory = new DirectoryGenerator(_state);
    }

    public DriveGenerator Drives { get; }

    public SiteGenerator Sites { get; }

    public CalendarGenerator Calendars { get; }

    public ContactGenerator Contacts { get; }

    public DirectoryGenerator Directory { get; }

    public void Fill()
    {
        for (var i = 0; i < _sizes.Users; i++)
        {
            var name =
                s_firstNames[i % s_firstNames.Length]
                + (i < s_firstNames.Length ? "" : (i / s_firstNames.Length).ToString(CultureInfo.InvariantCulture));
            var user = new DemoUser
            {
                Id = Guid(),
                UserPrincipalName = $"{Ascii(name)}@demo.example",
                DisplayName = name + " Muster",
            };
            _tenant.Users.Add(user);

            // The last of several users has neither a licence nor a OneDrive, because every real tenant has such users.
            if (_sizes.Users > 2 && i == _sizes.Users - 1)
                continue;
            user.Mailbox = NewMailbox();
            Calendars.Fill(user);
            Contacts.Fill(user);
            for (var m = 0; m < _sizes.MailsPerUser; m++)
                AddMessage(user);
            user.Drive = new DemoDrive(_tenant, "b!" + Guid().Replace("-", "", StringComparison.Ordinal));
            Drives.Fill(user.Drive, _sizes.FilesPerUser);
        }

        Directory.Fill();
        Sites.Fill();
    }

    /// <summary>Adds a message to one of the user's folders.</summary>
    public DemoMessage AddMessage(DemoUser user, string? folderId = null)
    {
        var mailbox = user.Mailbox!;
        var folders = mailbox.Folders.Values.Where(folder => folder.WellKnownName != "msgfolderroot" && !folder.IsSearchFolder).ToArray();
        _state.Now = _state.Now.AddHours(
            _random.Next(1, Math.Clamp(2 * MaxHours / Math.Max(1, _sizes.MailsPerUser * _sizes.Users), 2, 30))
        );
        var attachments =
            _random.NextDouble() < _sizes.AttachmentShare
                ? Enumerable
                    .Range(0, _random.Next(1, 3))
                    .Select(n => new DemoAttachment(
                        Id("AT"),
                        $"anlage-{n}.bin",
                        "application/octet-stream",
                        _random.NextInt64(),
                        _random.Next(10, _sizes.MaxAttachmentBytes)
                    ))
                    .ToArray()
                : [];
        var message = new DemoMessage
        {
            Id = Id("AAkALg"),
            FolderId = folderId ?? folders[_random.Next(folders.Length)].Id,
            Subject = s_subjects[_random.Next(s_subjects.Length)],
            From = "kunde@beispiel.example",
            To = user.UserPrincipalName,
            Received = _state.Now,
            Seed = _random.NextInt64(),
            TextLength = _random.Next(50, 8000),
            Attachments = attachments,
            IsRead = _random.Next(2) == 0,
        };
        mailbox.Add(message);
        return message;
    }

    public DemoDriveItem AddFile(DemoDrive drive, DemoDriveItem parent, string? name = null, long? size = null) =>
        Drives.AddFile(drive, parent, name, size);

    public DemoDriveItem AddFolder(DemoDrive drive, DemoDriveItem parent, string name) => Drives.AddFolder(drive, parent, name);

    /// <summary>Makes a number of random changes and returns how much content a backup must read because of them.</summary>
    public ChangeSummary Change(int count)
    {
        var newMessages = new HashSet<string>();
        var before = Contents();
        var mails = Mails().ToDictionary(message => message.Id, message => (message.FolderId, message.IsRead, message.Version));
        for (var i = 0; i < count; i++)
        {
            var users = _tenant.Users.Where(user => user.Mailbox is not null).ToArray();
            var user = users[_random.Next(users.Length)];
            if (_random.Next(2) == 0)
                ChangeMail(user, newMessages);
            else
                Drives.Change(user.Drive!);
        }

        // What was created and deleted again need not be read.
        newMessages.IntersectWith(Mails().Select(message => message.Id));

        // Changed and changed back: only the change key shows it, as for a change of the text, so it must be read.
        newMessages.UnionWith(
            Mails()
                .Where(message =>
                    mails.TryGetValue(message.Id, out var old)
                    && old.Version != message.Version
                    && (old.FolderId, old.IsRead) == (message.FolderId, message.IsRead)
                )
                .Select(message => message.Id)
        );
        var files = Contents().Except(before).ToArray();
        return new ChangeSummary(newMessages.Count, files.Count(file => file.Size > 0), files.Length);

        IEnumerable<DemoMessage> Mails() =>
            _tenant.Users.Where(user => user.Mailbox is not null).SelectMany(user => user.Mailbox!.Messages.Values);

        HashSet<(string Id, long Seed, long Size)> Contents() =>
            [
                .. _tenant
                    .Users.Where(user => user.Drive is not null)
                    .SelectMany(user => user.Drive!.Items.Values)
                    .Where(item => !item.IsFolder)
                    .Select(item => (item.Id, item.Seed, item.Size)),
            ];
    }

    /// <summary>Makes a number of random changes to everything in the tenant.</summary>
    public void ChangeEverything(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var user = _state.Pick(_tenant.Users.Where(user => user.Mailbox is not null).ToArray());
            switch (_random.Next(_tenant.Sites.Count > 0 ? 6 : 5))
            {
                case 0:
                    ChangeMail(user, []);
                    break;
                case 1:
                    Drives.Change(user.Drive!);
                    break;
                case 2:
                    Calendars.Change(user);
                    break;
                case 3:
                    Contacts.Change(user);
                    break;
                case 5:
                    Sites.Change();
                    break;
                default:
                    Directory.Change();
                    break;
            }
        }
    }

    private void ChangeMail(DemoUser user, HashSet<string> newMessages)
    {
        var mailbox = user.Mailbox!;
        var messages = mailbox.Messages.Values.ToArray();
        var folders = mailbox
            .Folders.Values.Where(folder => folder is { WellKnownName: null, Store: DemoFolderStore.Visible, IsSearchFolder: false })
            .ToArray();
        switch (messages.Length == 0 ? 0 : _random.Next(6))
        {
            case 0 or 1:
                newMessages.Add(AddMessage(user).Id);
                break;
            case 2:
                var read = messages[_random.Next(messages.Length)];
                read.IsRead = !read.IsRead;
                mailbox.Touch(read);
                break;
            case 3:
                var moved = messages[_random.Next(messages.Length)];
                var targets = mailbox
                    .Folders.Values.Where(folder =>
                        folder.WellKnownName != "msgfolderroot"
                        && folder.Id != moved.FolderId
                        && folder is { Store: not DemoFolderStore.Archive, IsSearchFolder: false }
                    )
                    .ToArray();
                mailbox.Move(moved, targets[_random.Next(targets.Length)]);
                break;
            case 4:
                mailbox.Delete(messages[_random.Next(messages.Length)]);
                break;
            default:
                if (folders.Length > 0)
                    mailbox.RenameFolder(folders[_random.Next(folders.Length)], $"Ordner {_random.Next(1000)}");
                break;
        }
    }

    private DemoMailbox NewMailbox()
    {
        var mailbox = new DemoMailbox(_tenant);
        var root = mailbox.AddFolder(Id("AQMk"), null, "Oberste Ebene des Informationsspeichers", wellKnownName: "msgfolderroot");
        var inbox = mailbox.AddFolder(Id("AQMk"), root.Id, "Posteingang", wellKnownName: "inbox");
        mailbox.AddFolder(Id("AQMk"), root.Id, "Gesendete Elemente", wellKnownName: "sentitems");
        mailbox.AddFolder(Id("AQMk"), root.Id, "Gelöschte Elemente", wellKnownName: "deleteditems");
        var projects = mailbox.AddFolder(Id("AQMk"), inbox.Id, "Projekte/Kunden");
        mailbox.AddFolder(Id("AQMk"), projects.Id, "2026");
        mailbox.AddFolder(Id("AQMk"), root.Id, "Leerer Ordner");
        mailbox.AddFolder(Id("AQMk"), root.Id, "Verborgen", hidden: true);
        mailbox.AddFolder(Id("AQMk"), root.Id, "Ungelesene Nachrichten", isSearchFolder: true);
        return mailbox;
    }

    /// <summary>Gives a mailbox a dumpster and an in-place archive, each with folders and messages.</summary>
    public void AddDumpsterAndArchive(DemoUser user)
    {
        var mailbox = user.Mailbox!;
        var dumpster = mailbox.AddFolder(
            Id("AQMk"),
            null,
            "Recoverable Items",
            wellKnownName: "recoverableitemsroot",
            store: DemoFolderStore.RecoverableItems
        );
        var deletions = mailbox.AddFolder(
            Id("AQMk"),
            dumpster.Id,
            "Deletions",
            wellKnownName: "recoverableitemsdeletions",
            store: DemoFolderStore.RecoverableItems
        );
        var archive = mailbox.AddFolder(
            Id("AQMk"),
            null,
            "Top of Information Store",
            wellKnownName: "archivemsgfolderroot",
            store: DemoFolderStore.Archive
        );
        var old = mailbox.AddFolder(Id("AQMk"), archive.Id, "Alt/2019", store: DemoFolderStore.Archive);
        foreach (var folder in (DemoMailFolder[])[deletions, old, old])
            AddMessage(user, folder.Id);
    }

    private string Id(string prefix) => _state.Id(prefix);

    private string Guid() => _state.Guid();

    private static string Ascii(string name) =>
        name.ToLowerInvariant().Replace("ö", "oe", StringComparison.Ordinal).Replace("ü", "ue", StringComparison.Ordinal);
}
