namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoMailFolder
{
    public required string Id { get; init; }

    public string? ParentId { get; set; }

    public required string Name { get; set; }

    public bool Hidden { get; init; }

    public string? WellKnownName { get; init; }

    public DemoFolderStore Store { get; init; }

    /// <summary>Repeats what is stored elsewhere.</summary>
    public bool IsSearchFolder { get; init; }

    public ChangeLog Changes { get; } = new();
}
