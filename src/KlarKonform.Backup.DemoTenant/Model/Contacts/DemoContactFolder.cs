namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoContactFolder
{
    public required string Id { get; init; }

    public required string ParentId { get; init; }

    public required string Name { get; set; }

    public ChangeLog Changes { get; } = new();
}
