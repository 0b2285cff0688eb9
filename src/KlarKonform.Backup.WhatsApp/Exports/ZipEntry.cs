using System.IO.Compression;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>A file in a ZIP. Two may have the same path; each is read on its own.</summary>
public sealed class ZipEntry
{
    internal ZipEntry(ZipArchiveEntry source, ZipRefusal? refusal) => (Source, Refusal) = (source, refusal);

    /// <summary>The path in the ZIP. It is only a name: nothing is unpacked to it.</summary>
    public string Path => Source.FullName;

    /// <summary>Its last part, after slashes and backslashes.</summary>
    public string Name => ExportFiles.NameOf(Path);

    /// <summary>Announced size in bytes.</summary>
    public long Length => Source.Length;

    /// <summary>Why it is not read; null if it is.</summary>
    public ZipRefusal? Refusal { get; }

    internal ZipArchiveEntry Source { get; }
}
