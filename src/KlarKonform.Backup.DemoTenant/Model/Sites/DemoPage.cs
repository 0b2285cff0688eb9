namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>A site page.</summary>
public sealed class DemoPage
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    public required string Text { get; set; }

    public DateTimeOffset Modified { get; set; }

    public int Version { get; set; } = 1;
}
