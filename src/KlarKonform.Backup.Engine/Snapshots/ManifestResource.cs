namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>A resource as the manifest names it.</summary>
internal sealed record ManifestResource
{
    public required string Kind { get; init; }

    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>The path of its content in the snapshot.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>
    /// OneDrive: the drive's id. A drive is one resource however it was found: through its user, or through the personal site that is left
    /// of that user.
    /// </summary>
    public string? Drive { get; init; }

    /// <summary>Its state in the run that last worked on it.</summary>
    public BackupState Status { get; init; }

    /// <summary>The run that last worked on it.</summary>
    public Guid Run { get; init; }

    /// <summary>When it was last read to its end; UTC. Null: never.</summary>
    public DateTimeOffset? Completed { get; init; }

    public long? ItemsExpected { get; init; }

    public long? ItemsStored { get; init; }

    /// <summary>Items that will be tried again, or that are known to fail permanently.</summary>
    public IReadOnlyList<ItemFailure> RetryList { get; init; } = [];
}
