namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

/// <summary>A file that somebody dropped.</summary>
/// <param name="Key">Its path below the place, with slashes.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">When it was stored; UTC; the epoch where nobody says.</param>
internal sealed record DropFile(string Key, long Size, DateTimeOffset Modified)
{
    /// <summary>What the place needs to open it besides its key, or null.</summary>
    public string? Handle { get; init; }

    /// <summary>What tells this content from the next one of the same name.</summary>
    public string Version => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Size}:{Modified.ToUnixTimeMilliseconds()}");

    public string Name => Key[(Key.LastIndexOf('/') + 1)..];

    /// <summary>The folder that it lies in; empty for the place itself.</summary>
    public string Folder => Key.LastIndexOf('/') is > 0 and var slash ? Key[..slash] : "";
}
