namespace KlarKonform.Backup;

/// <summary>What to hold, or which hold to lift, and why.</summary>
public sealed record HoldRequest
{
    /// <summary>The resource's name, or null.</summary>
    public string? Resource { get; init; }

    /// <summary>The snapshot's id or its beginning, or null.</summary>
    public string? SnapshotId { get; init; }

    /// <summary>For lifting: the hold's id or its beginning.</summary>
    public string? HoldId { get; init; }

    /// <summary>The reason.</summary>
    public required string Reason { get; init; }

    /// <summary>Who requests it.</summary>
    public required string Author { get; init; }
}
