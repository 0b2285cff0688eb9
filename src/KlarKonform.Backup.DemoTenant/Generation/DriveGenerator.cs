using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>Fills drives and changes them as people do, including problematic names.</summary>
public sealed class DriveGenerator
{
    private static readonly string[] s_fileNames =
    [
        "Bericht.docx",
        "Kalkulation Q3.xlsx",
        "Foto 1.jpg",
        "Größen.csv",
        "Vertrag #12 (100 %).pdf",
        "archiv.zip",
        "notizen.txt",
        "Präsentation.pptx",
    ];

    // Valid in one place or another: reserved on Windows, decomposed umlauts, characters of URLs and of format strings, endings that
    // Windows cuts off.
    private static readonly string[] s_oddNames =
    [
        "CON",
        "nul.txt",
        "LPT1.log",
        "Gro\u0308\u00dfe.txt",
        "Gr\u00f6\u00dfe.txt",
        "50%25 #1 {0} $(x) 'a'.txt",
        "Punkt am Ende.",
        " vorn und hinten ",
        "~$Sperre.docx",
        "..hidden",
        "emoji 🎉.txt",
        "a.b.c.d.e",
    ];

    private readonly GeneratorState _state;

    internal DriveGenerator(GeneratorState state) => _state = state;

    /// <summary>Folders, files, an empty file.</summary>
    public void Fill(DemoDrive drive, int files)
    {
        var folders = new List<DemoDriveItem> { drive.Root };
        foreach (var name in (string[])["Dokumente", "Bilder", "Projekt Süd", "Leer"])
            folders.Add(AddFolder(drive, _state.Pick(folders), name));
        if (files > 0)
            AddFile(drive, drive.Root, "leer.txt", 0);
        for (var i = 1; i < files; i++)
            AddFile(drive, folders[_state.Random.Next(folders.Count - 1)]);
    }

    /// <summary>Everything that real drives contain and that trips up simple programs.</summary>
    public void AddOddities(DemoDrive drive)
    {
        var folder = AddFolder(drive, drive.Root, "Sonderfälle");
        foreach (var name in s_oddNames)
            AddFile(drive, folder, name, 10 + _state.Random.Next(5000));
        var deep = folder;
        for (var i = 0; i < 12; i++)
            deep = AddFolder(drive, deep, $"Ein Ordner mit einem ziemlich langen Namen, Ebene {i}");
        AddFile(drive, deep, "tief unten.txt", 100);
        AddFile(drive, folder, "virus.exe", 400).IsMalware = true;
        AddFile(drive, folder, "umgeschrieben.docx", 9000).ServedContent = Document(_state.Random.NextInt64(), 9000);
        drive.Add(New(folder, "Verknüpfung", isShortcut: true));
        var notebook = drive.Add(New(folder, "Notizbuch", isNotebook: true));
        AddFile(drive, notebook, "Abschnitt 1.one", 5000);
        drive.Add(New(notebook, "Notizbuch öffnen.onetoc2", missing: true, size: 300));
        drive.Share(folder, new DemoPermission(_state.Id("P"), "write", "organization", null));
        var edited = AddFile(drive, folder, "oft geändert.txt", 1000);
        for (var i = 0; i < 4; i++)
            drive.Write(edited, _state.Random.NextInt64(), 1000 + i, _state.Now = _state.Now.AddHours(1));
        AddFile(drive, folder, "aufzubewahren.pdf", 800).RetentionLabel = "Zehn Jahre";
    }

    public DemoDriveItem AddFile(DemoDrive drive, DemoDriveItem parent, string? name = null, long? size = null) =>
        drive.Add(
            New(
                parent,
                Unused(drive, parent, name ?? _state.Pick(s_fileNames)),
                size: size ?? 1 + (long)(_state.Sizes.MaxFileBytes * Math.Pow(_state.Random.NextDouble(), 6))
            )
        );

    public DemoDriveItem AddFolder(DemoDrive drive, DemoDriveItem parent, string name) =>
        drive.Add(
            new DemoDriveItem
            {
                Id = _state.Id("01"),
                Name = Unused(drive, parent, name),
                ParentId = parent.Id,
                IsFolder = true,
                Modified = _state.Now,
            }
        );

    /// <summary>Makes one random change.</summary>
    /// <param name="drive">The drive.</param>
    /// <param name="odd">Whether some new files get names that are not valid on every file system.</param>
    public void Change(DemoDrive drive, bool odd = false)
    {
        var files = drive.Items.Values.Where(item => item is { IsFolder: false, IsShortcut: false }).ToArray();
        var folders = drive.Items.Values.Where(item => item.IsFolder).ToArray();
        var parent = _state.Pick(folders);
        switch (files.Length == 0 ? 0 : _state.Random.Next(12))
        {
            case 0 or 1:
                AddFile(drive, parent, odd && _state.Random.Next(4) == 0 ? _state.Pick(s_oddNames) : null);
                break;
            case 2:
                var changed = _state.Pick(files);
                drive.Write(
                    changed,
                    _state.Random.NextInt64(),
                    1 + _state.Random.Next(_state.Sizes.MaxFileBytes / 4),
                    _state.Now = _state.Now.AddMinutes(1)
                );
                break;
            case 3:
                var renamed = _state.Pick(files);
                drive.Rename(renamed, Unused(drive, drive.Items[renamed.ParentId!], $"neu {_state.Random.Next(10_000)}.bin"));
                break;
            case 4:
                Move(drive, _state.Pick(files), parent);
                break;
            case 5:
                drive.Delete(_state.Pick(files));
                break;
            case 6:
                if (OtherThanRoot(folders) is { } folder)
                    drive.Rename(folder, Unused(drive, drive.Items[folder.ParentId!], $"Ablage {_state.Random.Next(10_000)}"));
                break;
            case 7:
                if (OtherThanRoot(folders) is { } moving && !drive.IsBelow(parent, moving))
                    Move(drive, moving, parent);
                break;
            case 8:
                if (folders.Length > 4 && OtherThanRoot(folders) is { } unwanted)
                    drive.Delete(unwanted);
                else
                    AddFolder(drive, parent, "Neuer Ordner");
                break;
            case 9:
                Restore(drive);
                break;
            case 10:
                var shared = _state.Pick(files);
                drive.Share(
                    shared,
                    shared.Permissions.Count > 1
                        ? null
                        : new DemoPermission(_state.Id("P"), "read", _state.Random.Next(2) == 0 ? "organization" : null, "Clara Muster")
                );
                break;
            default:
                // Two files swap places.
                var (one, other) = (_state.Pick(files), _state.Pick(files));
                if (one != other && one.ParentId == other.ParentId)
                {
                    var name = one.Name;
                    drive.Rename(one, other.Name);
                    drive.Rename(other, name);
                }

                break;
        }
    }

    // SharePoint puts an item back where it was, if that place still exists and is free.
    private void Restore(DemoDrive drive)
    {
        var candidates = drive
            .RecycleBin.Where(item => drive.Items.ContainsKey(item.ParentId!) && !IsTaken(drive, item.ParentId!, item.Name))
            .ToArray();
        if (candidates.Length > 0)
            drive.Restore(_state.Pick(candidates));
    }

    private static void Move(DemoDrive drive, DemoDriveItem item, DemoDriveItem parent)
    {
        if (item.ParentId != parent.Id && !IsTaken(drive, parent.Id, item.Name))
            drive.Move(item, parent);
    }

    private DemoDriveItem? OtherThanRoot(DemoDriveItem[] folders) =>
        folders.Where(item => item.ParentId is not null).OrderBy(_ => _state.Random.Next()).FirstOrDefault();

    private DemoDriveItem New(
        DemoDriveItem parent,
        string name,
        bool isShortcut = false,
        bool isNotebook = false,
        bool missing = false,
        long size = 0
    ) =>
        new()
        {
            Id = _state.Id("01"),
            Name = name,
            ParentId = parent.Id,
            IsFolder = isNotebook,
            IsNotebook = isNotebook,
            IsShortcut = isShortcut,
            IsContentMissing = missing,
            Size = size,
            Seed = _state.Random.NextInt64(),
            Modified = _state.Now.AddMinutes(_state.Random.Next(500_000)),
        };

    // A ZIP, like Office documents.
    private static byte[] Document(long seed, int size)
    {
        using var bytes = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(bytes, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        {
            using var part = archive.CreateEntry("word/document.xml", System.IO.Compression.CompressionLevel.NoCompression).Open();
            part.Write(SeededContent.Bytes(seed, size));
        }

        return bytes.ToArray();
    }

    private static bool IsTaken(DemoDrive drive, string parent, string name) =>
        drive.Items.Values.Any(item => item.ParentId == parent && string.Equals(item.Name, name, StringComparison.OrdinalIgnoreCase));

    private static string Unused(DemoDrive drive, DemoDriveItem parent, string name)
    {
        var taken = drive
            .Items.Values.Where(item => item.ParentId == parent.Id)
            .Select(item => item.Name)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        var candidate = name;
        for (var n = 2; taken.Contains(candidate); n++)
            candidate = $"{Path.GetFileNameWithoutExtension(name)} {n}{Path.GetExtension(name)}";
        return candidate;
    }
}
