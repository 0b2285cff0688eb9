namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>A row of a list with its columns' values.</summary>
public sealed class DemoListItem
{
    public required int Id { get; init; }

    public Dictionary<string, object?> Fields { get; } = [];

    public DateTimeOffset Modified { get; set; }

    public int Version { get; set; } = 1;
}
