namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

/// <summary>A file that someone dropped.</summary>
/// <param name="Key">Its path below the place, with slashes.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Modified">When it was stored; UTC; the epoch if unknown.</param>
internal sealed record DropFile(string Key, long Size, DateTimeOffset Modified)
{
    /// <summary>What the place needs to open it besides its key, or null.</summary>
    public string? Handle { get; init; }

    /// <summary>Distinguishes this content from a later one of the same name.</summary>
    public string Version =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Size}:{Modified.ToUnixTimeMilliseconds()}");

    public string Name => Key[(Key.LastIndexOf('/') + 1)..];

    /// <summary>The folder that contains it; empty for the place itself.</summary>
    public string Folder => Key.LastIndexOf('/') is > 0 and var slash ? Key[..slash] : "";
}
