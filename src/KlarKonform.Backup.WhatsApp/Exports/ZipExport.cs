using System.IO.Compression;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>
/// A ZIP that somebody dropped, looked at with suspicion: nothing of it is ever unpacked to a path, entries that try to lead elsewhere or that
/// unpack beyond all measure refuse the whole. Not thread-safe.
/// </summary>
public sealed class ZipExport : IDisposable
{
    // An export has 10,000 messages with media at most, so tens of thousands of files at the very most.
    private const int MaxEntries = 100_000;

    // Deflate reaches 1,032 to 1; a chat's text some ten to one, its media are compressed already.
    private const long MaxRatio = 100;
    private const long HarmlessBytes = 64L << 20;

    private readonly ZipArchive _archive;

    private ZipExport(ZipArchive archive) => _archive = archive;

    /// <summary>Paths of all files, with slashes; folders and what macOS adds are left out.</summary>
    public IReadOnlyList<string> Paths { get; private init; } = [];

    /// <summary>Opens a ZIP.</summary>
    /// <param name="content">The file; must be seekable. It belongs to the export from now on.</param>
    /// <exception cref="WhatsAppException">Incomplete: it is no ZIP, or ends too early. Dangerous: see above.</exception>
    public static ZipExport Open(Stream content)
    {
        ArgumentNullException.ThrowIfNull(content);
        ZipArchive? archive = null;
        try
        {
            archive = new ZipArchive(content, ZipArchiveMode.Read, leaveOpen: false);
            return new ZipExport(archive) { Paths = Check(archive, content.Length) };
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

    /// <summary>Opens a file of the ZIP. More bytes than its entry announces end in an exception.</summary>
    /// <exception cref="WhatsAppException">Incomplete, Dangerous.</exception>
    public Stream OpenEntry(string path)
    {
        var entry = _archive.GetEntry(path) ?? throw new WhatsAppException(WhatsAppErrorKind.Incomplete, "An entry of the ZIP is gone.");
        try
        {
            return new AnnouncedStream(entry.Open(), entry.Length, entry.Crc32);
        }
        catch (InvalidDataException exception)
        {
            throw new WhatsAppException(WhatsAppErrorKind.Incomplete, $"An entry of the ZIP cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>An entry's announced size in bytes.</summary>
    public long SizeOf(string path) => _archive.GetEntry(path)?.Length ?? 0;

    /// <summary>Closes the file.</summary>
    public void Dispose() => _archive.Dispose();

    private static List<string> Check(ZipArchive archive, long size)
    {
        if (archive.Entries.Count > MaxEntries)
            throw new WhatsAppException(WhatsAppErrorKind.Dangerous, $"The ZIP has more than {MaxEntries} entries.");
        var paths = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        decimal total = 0;
        foreach (var entry in archive.Entries)
        {
            var path = entry.FullName;
            if (path.Length == 0 || path.Length > 1024 || path[0] is '/' or '\\' || path.AsSpan().IndexOfAny('\\', ':', '\0') >= 0 || path.Split('/').Any(part => part is ".." or "."))
                throw new WhatsAppException(WhatsAppErrorKind.Dangerous, "An entry's name leads out of the ZIP.");
            if (!seen.Add(path))
                throw new WhatsAppException(WhatsAppErrorKind.Dangerous, "Two entries of the ZIP have one name.");
            total += entry.Length;
            if (entry.Length > HarmlessBytes && entry.Length / MaxRatio > entry.CompressedLength)
                throw new WhatsAppException(WhatsAppErrorKind.Dangerous, "An entry unpacks to more than a hundred times its size.");
            if (!path.EndsWith('/') && !path.StartsWith("__MACOSX/", StringComparison.Ordinal))
                paths.Add(path);
        }

        // Entries that share their bytes unpack to far more than the file holds.
        return total > HarmlessBytes && total / MaxRatio > size
            ? throw new WhatsAppException(WhatsAppErrorKind.Dangerous, "The ZIP unpacks to more than a hundred times its size.") : paths;
    }
}
