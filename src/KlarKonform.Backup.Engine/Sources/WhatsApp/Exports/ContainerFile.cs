namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>A file of an export.</summary>
/// <param name="Key">What it is opened by; unlike its path it occurs once.</param>
/// <param name="Path">Its path in the export, with slashes.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record ContainerFile(string Key, string Path, long Bytes)
{
    /// <summary>The last part of its path.</summary>
    public string Name { get; } = Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The folder that it lies in; empty at the top.</summary>
    public string Folder { get; } = Path.LastIndexOf('/') is > 0 and var slash ? Path[..slash] : "";
}
