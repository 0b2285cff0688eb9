namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoDriveItem
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    public required string? ParentId { get; set; }

    public bool IsFolder { get; init; }

    public long Size { get; set; }

    public long Seed { get; set; }

    public DateTimeOffset Modified { get; set; }

    public int Version { get; set; } = 1;

    /// <summary>Flagged as malware: its content cannot be read.</summary>
    public bool IsMalware { get; set; }
}
