namespace KlarKonform.Backup;

/// <summary>A hold: while it exists, nothing that it covers is removed. Times are UTC.</summary>
public sealed record BackupHold
{
    /// <summary>The configuration's name.</summary>
    public required string Configuration { get; init; }

    /// <summary>Its id, for Remove-KKBackupHold.</summary>
    public required string HoldId { get; init; }

    /// <summary>Configuration, Resource or Snapshot.</summary>
    public required HoldScope Scope { get; init; }

    /// <summary>The resource's name or the snapshot's id; empty for a configuration.</summary>
    public required string Target { get; init; }

    /// <summary>Why it was set.</summary>
    public required string Reason { get; init; }

    /// <summary>Who set it.</summary>
    public required string Author { get; init; }

    /// <summary>Since when it exists.</summary>
    public required DateTimeOffset Since { get; init; }
}
