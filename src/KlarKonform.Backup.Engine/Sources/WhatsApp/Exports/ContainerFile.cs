namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>A file of an export.</summary>
/// <param name="Key">The key to open it with; unlike its path it is unique.</param>
/// <param name="Path">Its path in the export, with slashes.</param>
/// <param name="Bytes">Its size in bytes.</param>
internal sealed record ContainerFile(string Key, string Path, long Bytes)
{
    /// <summary>The last part of its path.</summary>
    public string Name { get; } = Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The folder that contains it; empty at the top.</summary>
    public string Folder { get; } = Path.LastIndexOf('/') is > 0 and var slash ? Path[..slash] : "";
}
