using System.IO.Compression;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>A file in a ZIP. Two may have the same path; both are read by themselves.</summary>
public sealed class ZipEntry
{
    internal ZipEntry(ZipArchiveEntry source, ZipRefusal? refusal) => (Source, Refusal) = (source, refusal);

    /// <summary>As the ZIP has it. It is a name and no place: nothing is unpacked to it.</summary>
    public string Path => Source.FullName;

    /// <summary>Its last part, behind slashes and backslashes.</summary>
    public string Name => ExportFiles.NameOf(Path);

    /// <summary>Announced size in bytes.</summary>
    public long Length => Source.Length;

    /// <summary>Why it is not read; null when it is.</summary>
    public ZipRefusal? Refusal { get; }

    internal ZipArchiveEntry Source { get; }
}
