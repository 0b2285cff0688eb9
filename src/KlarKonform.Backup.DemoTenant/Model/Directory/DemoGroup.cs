namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>A group: a distribution list, a Microsoft 365 group or a security group.</summary>
public sealed class DemoGroup
{
    public required string Id { get; init; }

    public required string DisplayName { get; set; }

    public required string Mail { get; init; }

    public required string Kind { get; init; }

    public HashSet<string> Members { get; } = [];

    /// <summary>Members added or removed, each with the number of the change: shown by members@delta.</summary>
    public List<(long Sequence, string Member)> MemberChanges { get; } = [];
}
