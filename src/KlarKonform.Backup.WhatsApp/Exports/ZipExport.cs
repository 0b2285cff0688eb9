using System.IO.Compression;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// A ZIP from an untrusted source: nothing in it is ever unpacked to a path; entries that try to lead elsewhere, are encrypted or unpack to
/// an excessive size are refused one by one, and the ZIP as a whole only if everything together does. Not thread-safe.
/// </summary>
public sealed class ZipExport : IDisposable
{
    // An export has at most 10,000 messages with media, so at the very most tens of thousands of files.
    private const int MaxEntries = 100_000;
    private const int MaxPath = 1024;

    // Deflate reaches 1,032 to 1; a chat's text about ten to one, and its media are compressed already.
    private const long MaxRatio = 100;
    private const long HarmlessBytes = 64L << 20;

    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipEntry> _byPath = new(StringComparer.Ordinal);

    private ZipExport(ZipArchive archive, IReadOnlyList<ZipEntry> files)
    {
        _archive = archive;
        Files = files;
        foreach (var file in files.Where(file => file.Refusal is null))
            _byPath.TryAdd(file.Path, file);
        Paths = [.. _byPath.Keys];
    }

    /// <summary>All files, including refused ones, in the order of the ZIP; folders and what macOS adds are left out.</summary>
    public IReadOnlyList<ZipEntry> Files { get; }

    /// <summary>Paths of the files that can be read, each once.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Opens a ZIP. Reads its directory, not its files.</summary>
    /// <param name="content">The file; must be seekable. It belongs to the export from now on.</param>
    /// <exception cref="WhatsAppException">Incomplete: it is not a ZIP, or ends too early. Dangerous: it has too many entries, or unpacks
    /// to more than any export.</exception>
    public static ZipExport Open(Stream content)
    {
        ArgumentNullException.ThrowIfNull(content);
        ZipArchive? archive = null;
        try
        {
            archive = new ZipArchive(content, ZipArchiveMode.Read, leaveOpen: false);
            return new ZipExport(archive, Check(archive, content.Length));
        }
        catch (InvalidDataException exception)
        {
            archive?.Dispose();
            throw new WhatsAppException(WhatsAppErrorKind.Incomplete, $"It is no complete ZIP file: {exception.Message}", exception);
        }
        catch
        {
            archive?.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file of the ZIP. More bytes than its entry announces cause an exception.</summary>
    /// <param name="file">One of <see cref="Files"/>.</param>
    /// <exception cref="WhatsAppException">Incomplete; Dangerous, for one that was refused.</exception>
    public Stream Open(ZipEntry file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Source.Archive != _archive)
            throw new ArgumentException("The entry is another ZIP's.", nameof(file));
        if (file.Refusal is { } refusal)
            throw new WhatsAppException(WhatsAppErrorKind.Dangerous, $"An entry of the ZIP is not read: {refusal}.");
        try
        {
            return new AnnouncedStream(file.Source.Open(), file.Length, file.Source.Crc32);
        }
        catch (InvalidDataException exception)
        {
            throw new WhatsAppException(
                WhatsAppErrorKind.Incomplete,
                $"An entry of the ZIP cannot be read: {exception.Message}",
                exception
            );
        }
    }

    /// <summary>Opens the first file with a path.</summary>
    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <exception cref="WhatsAppException">Incomplete, Dangerous.</exception>
    public Stream OpenEntry(string path) =>
        Open(
            _byPath.TryGetValue(path, out var file)
                ? file
                : throw new WhatsAppException(WhatsAppErrorKind.Incomplete, "An entry of the ZIP is gone.")
        );

    /// <summary>An entry's announced size in bytes; 0 if there is none with that path.</summary>
    public long SizeOf(string path) => _byPath.TryGetValue(path, out var file) ? file.Length : 0;

    /// <summary>Closes the file.</summary>
    public void Dispose() => _archive.Dispose();

    private static List<ZipEntry> Check(ZipArchive archive, long size)
    {
        if (archive.Entries.Count > MaxEntries)
            throw new WhatsAppException(WhatsAppErrorKind.Dangerous, $"The ZIP has more than {MaxEntries} entries.");
        var files = new List<ZipEntry>();
        decimal total = 0;
        foreach (var entry in archive.Entries)
        {
            var path = entry.FullName;
            if (path.EndsWith('/') || (path.EndsWith('\\') && entry.Length == 0) || path.StartsWith("__MACOSX/", StringComparison.Ordinal))
                continue;
            var file = new ZipEntry(entry, Refusal(entry, path));
            if (file.Refusal is null)
                total += entry.Length;
            files.Add(file);
        }

        // Entries that share their bytes unpack to far more than the file contains.
        return total > HarmlessBytes && total / MaxRatio > size
            ? throw new WhatsAppException(WhatsAppErrorKind.Dangerous, "The ZIP unpacks to more than a hundred times its size.")
            : files;
    }

    private static ZipRefusal? Refusal(ZipArchiveEntry entry, string path)
    {
        if (path.Length is 0 or > MaxPath || path.Contains('\0', StringComparison.Ordinal))
            return ZipRefusal.BadName;
        if (
            path[0] is '/' or '\\'
            || (path.Length > 2 && char.IsAsciiLetter(path[0]) && path[1] == ':' && path[2] is '/' or '\\')
            || path.Split('/', '\\').Any(part => part == "..")
        )
            return ZipRefusal.LeadsOut;
        if (entry.IsEncrypted)
            return ZipRefusal.Encrypted;
        return entry.Length > HarmlessBytes && entry.Length / MaxRatio > entry.CompressedLength ? ZipRefusal.Bomb : null;
    }
}
