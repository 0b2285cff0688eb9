namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>A resource as the manifest names it.</summary>
internal sealed record ManifestResource
{
    public required string Kind { get; init; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>Where its content lies in the snapshot.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>OneDrive: the drive's id. A drive is one resource however it was found: by its user, or by the personal site that is left of him.</summary>
    public string? Drive { get; init; }

    /// <summary>How it stood in the run that touched it last.</summary>
    public BackupState Status { get; init; }

    /// <summary>The run that touched it last.</summary>
    public Guid Run { get; init; }

    /// <summary>When it was last read to its end; UTC. Null: never.</summary>
    public DateTimeOffset? Completed { get; init; }

    public long? ItemsExpected { get; init; }

    public long? ItemsStored { get; init; }

    /// <summary>Items that are tried again, or known to fail for good.</summary>
    public IReadOnlyList<ItemFailure> RetryList { get; init; } = [];
}
