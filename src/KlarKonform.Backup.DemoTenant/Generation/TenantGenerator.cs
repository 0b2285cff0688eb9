using System.Globalization;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>Fills a tenant, and changes it between runs. The same seed gives the same tenant and the same changes.</summary>
public sealed class TenantGenerator
{
    private static readonly string[] s_firstNames = ["Anna", "Björn", "Clara", "Dörte", "Emil", "Fatma", "Günther", "Hanna", "Ivo", "Jule"];
    private static readonly string[] s_subjects =
    [
        "Angebot 4711", "Re: Rechnung für März", "Größe & Gewicht <wichtig>", "Terminänderung: 24.12.", "AW: AW: Vertrag / Anlage 3",
        "..\\..\\etc\\passwd", "🎉 Jubiläum", "Frage: \"wann?\"", "CON", "Protokoll\tJour fixe", "", "Ein sehr langer Betreff " + "der nicht endet ",
    ];

    private static readonly string[] s_fileNames =
        ["Bericht.docx", "Kalkulation Q3.xlsx", "Foto 1.jpg", "Größen.csv", "Vertrag #12 (100 %).pdf", "archiv.zip", "notizen.txt", "Präsentation.pptx"];

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
        Calendars = new CalendarGenerator(_state);
        Contacts = new ContactGenerator(_state);
        Directory = new DirectoryGenerator(_state);
    }

    public CalendarGenerator Calendars { get; }

    public ContactGenerator Contacts { get; }

    public DirectoryGenerator Directory { get; }

    public void Fill()
    {
        for (var i = 0; i < _sizes.Users; i++)
        {
            var name = s_firstNames[i % s_firstNames.Length] + (i < s_firstNames.Length ? "" : (i / s_firstNames.Length).ToString(CultureInfo.InvariantCulture));
            var user = new DemoUser { Id = Guid(), UserPrincipalName = $"{Ascii(name)}@demo.example", DisplayName = name + " Muster" };
            _tenant.Users.Add(user);

            // The last of several users has neither a licence nor a OneDrive, as every real tenant has some.
            if (_sizes.Users > 2 && i == _sizes.Users - 1)
                continue;
            user.Mailbox = NewMailbox();
            Calendars.Fill(user);
            Contacts.Fill(user);
            for (var m = 0; m < _sizes.MailsPerUser; m++)
                AddMessage(user);
            user.Drive = new DemoDrive(_tenant, "b!" + Guid().Replace("-", "", StringComparison.Ordinal));
            FillDrive(user.Drive);
        }

        Directory.Fill();
    }

    /// <summary>Adds a message to one of the user's folders.</summary>
    public DemoMessage AddMessage(DemoUser user, string? folderId = null)
    {
        var mailbox = user.Mailbox!;
        var folders = mailbox.Folders.Values.Where(folder => folder.WellKnownName != "msgfolderroot" && !folder.IsSearchFolder).ToArray();
        _state.Now = _state.Now.AddHours(_random.Next(1, Math.Clamp(2 * MaxHours / Math.Max(1, _sizes.MailsPerUser * _sizes.Users), 2, 30)));
        var attachments = _random.NextDouble() < _sizes.AttachmentShare
            ? Enumerable.Range(0, _random.Next(1, 3)).Select(n => new DemoAttachment(Id("AT"), $"anlage-{n}.bin", "application/octet-stream", _random.NextInt64(), _random.Next(10, _sizes.MaxAttachmentBytes))).ToArray()
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

    public DemoDriveItem AddFile(DemoDrive drive, DemoDriveItem parent, string? name = null, long? size = null)
    {
        var bytes = size ?? (long)(_sizes.MaxFileBytes * Math.Pow(_random.NextDouble(), 6));
        return drive.Add(new DemoDriveItem
        {
            Id = Id("01"),
            Name = Unused(drive, parent, name ?? s_fileNames[_random.Next(s_fileNames.Length)]),
            ParentId = parent.Id,
            Size = bytes,
            Seed = _random.NextInt64(),
            Modified = _state.Now.AddMinutes(_random.Next(500_000)),
        });
    }

    public DemoDriveItem AddFolder(DemoDrive drive, DemoDriveItem parent, string name) => drive.Add(new DemoDriveItem
    {
        Id = Id("01"),
        Name = Unused(drive, parent, name),
        ParentId = parent.Id,
        IsFolder = true,
        Modified = _state.Now,
    });

    /// <summary>Makes so many random changes and says how many contents a backup must read because of them.</summary>
    public ChangeSummary Change(int count)
    {
        var newMessages = new HashSet<string>();
        var newContents = new HashSet<string>();
        for (var i = 0; i < count; i++)
        {
            var users = _tenant.Users.Where(user => user.Mailbox is not null).ToArray();
            var user = users[_random.Next(users.Length)];
            if (_random.Next(2) == 0)
                ChangeMail(user, newMessages);
            else
                ChangeDrive(user.Drive!, newContents);
        }

        // What was created and is gone again need not be read.
        newMessages.IntersectWith(_tenant.Users.Where(user => user.Mailbox is not null).SelectMany(user => user.Mailbox!.Messages.Keys));
        newContents.IntersectWith(_tenant.Users.Where(user => user.Drive is not null).SelectMany(user => user.Drive!.Items.Keys));
        return new ChangeSummary(newMessages.Count, newContents.Count);
    }

    /// <summary>Makes so many random changes to everything that the tenant holds.</summary>
    public void ChangeEverything(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var user = _state.Pick(_tenant.Users.Where(user => user.Mailbox is not null).ToArray());
            switch (_random.Next(5))
            {
                case 0:
                    ChangeMail(user, []);
                    break;
                case 1:
                    ChangeDrive(user.Drive!, []);
                    break;
                case 2:
                    Calendars.Change(user);
                    break;
                case 3:
                    Contacts.Change(user);
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
        var folders = mailbox.Folders.Values.Where(folder => folder is { WellKnownName: null, Store: DemoFolderStore.Visible, IsSearchFolder: false }).ToArray();
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
                var targets = mailbox.Folders.Values.Where(folder => folder.WellKnownName != "msgfolderroot" && folder.Id != moved.FolderId && folder is { Store: not DemoFolderStore.Archive, IsSearchFolder: false }).ToArray();
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

    private void ChangeDrive(DemoDrive drive, HashSet<string> newContents)
    {
        var files = drive.Items.Values.Where(item => !item.IsFolder).ToArray();
        var folders = drive.Items.Values.Where(item => item.IsFolder).ToArray();
        var parent = folders[_random.Next(folders.Length)];
        switch (files.Length == 0 ? 0 : _random.Next(7))
        {
            case 0 or 1:
                newContents.Add(AddFile(drive, parent).Id);
                break;
            case 2:
                var changed = files[_random.Next(files.Length)];
                drive.Write(changed, _random.NextInt64(), 1 + _random.Next(_sizes.MaxFileBytes / 4), _state.Now = _state.Now.AddMinutes(1));
                newContents.Add(changed.Id);
                break;
            case 3:
                var renamed = files[_random.Next(files.Length)];
                drive.Rename(renamed, Unused(drive, drive.Items[renamed.ParentId!], $"neu {_random.Next(10_000)}.bin"));
                break;
            case 4:
                var moved = files[_random.Next(files.Length)];
                if (!drive.Items.Values.Any(item => item.ParentId == parent.Id && string.Equals(item.Name, moved.Name, StringComparison.OrdinalIgnoreCase)))
                    drive.Move(moved, parent);
                break;
            case 5:
                drive.Delete(files[_random.Next(files.Length)]);
                break;
            default:
                var folder = folders.Where(item => item.ParentId is not null).OrderBy(_ => _random.Next()).FirstOrDefault();
                if (folder is not null)
                    drive.Rename(folder, Unused(drive, drive.Items[folder.ParentId!], $"Ablage {_random.Next(10_000)}"));
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

    private void FillDrive(DemoDrive drive)
    {
        var folders = new List<DemoDriveItem> { drive.Root };
        foreach (var name in (string[])["Dokumente", "Bilder", "Projekt Süd", "Leer"])
            folders.Add(AddFolder(drive, folders[_random.Next(folders.Count)], name));
        if (_sizes.FilesPerUser > 0)
            AddFile(drive, drive.Root, "leer.txt", 0);
        for (var i = 1; i < _sizes.FilesPerUser; i++)
            AddFile(drive, folders[_random.Next(folders.Count - 1)]);
    }

    private static string Unused(DemoDrive drive, DemoDriveItem parent, string name)
    {
        var taken = drive.Items.Values.Where(item => item.ParentId == parent.Id).Select(item => item.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var candidate = name;
        for (var n = 2; taken.Contains(candidate); n++)
            candidate = $"{Path.GetFileNameWithoutExtension(name)} {n}{Path.GetExtension(name)}";
        return candidate;
    }

    /// <summary>Gives a mailbox a dumpster and an in-place archive, each with folders and messages.</summary>
    public void AddDumpsterAndArchive(DemoUser user)
    {
        var mailbox = user.Mailbox!;
        var dumpster = mailbox.AddFolder(Id("AQMk"), null, "Recoverable Items", wellKnownName: "recoverableitemsroot", store: DemoFolderStore.RecoverableItems);
        var deletions = mailbox.AddFolder(Id("AQMk"), dumpster.Id, "Deletions", wellKnownName: "recoverableitemsdeletions", store: DemoFolderStore.RecoverableItems);
        var archive = mailbox.AddFolder(Id("AQMk"), null, "Top of Information Store", wellKnownName: "archivemsgfolderroot", store: DemoFolderStore.Archive);
        var old = mailbox.AddFolder(Id("AQMk"), archive.Id, "Alt/2019", store: DemoFolderStore.Archive);
        foreach (var folder in (DemoMailFolder[])[deletions, old, old])
            AddMessage(user, folder.Id);
    }

    private string Id(string prefix) => _state.Id(prefix);

    private string Guid() => _state.Guid();

    private static string Ascii(string name) => name.ToLowerInvariant().Replace("ö", "oe", StringComparison.Ordinal).Replace("ü", "ue", StringComparison.Ordinal);
}
