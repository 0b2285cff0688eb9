namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>A file that someone sent by WhatsApp.</summary>
public sealed class DemoMedia
{
    public required string Id { get; init; }

    public required string MimeType { get; init; }

    public required byte[] Content { get; init; }

    /// <summary>When it arrived: Meta keeps it for seven days; UTC.</summary>
    public DateTimeOffset Arrived { get; set; }
}
