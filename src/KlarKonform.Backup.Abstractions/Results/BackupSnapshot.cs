namespace KlarKonform.Backup;

/// <summary>A snapshot in the repository.</summary>
public sealed record BackupSnapshot
{
    /// <summary>The configuration's name; pipes into Restore-KKBackupItem.</summary>
    public required string Configuration { get; init; }

    /// <summary>Its id; restic accepts the first eight digits too.</summary>
    public required string SnapshotId { get; init; }

    /// <summary>When it was taken, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The tenant.</summary>
    public required string Tenant { get; init; }

    /// <summary>Succeeded, Partial or Checkpoint.</summary>
    public required string Status { get; init; }

    /// <summary>The run that took it.</summary>
    public string? RunId { get; init; }

    /// <summary>All tags.</summary>
    public required IReadOnlyList<string> Tags { get; init; }
}
