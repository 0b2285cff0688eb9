namespace KlarKonform.Backup;

/// <summary>What to restore and where to.</summary>
public sealed record RestoreRequest
{
    /// <summary>A snapshot's id or its beginning, or <c>latest</c>.</summary>
    public string SnapshotId { get; init; } = "latest";

    /// <summary>Path in the snapshot; wildcards match within one level.</summary>
    public required string Path { get; init; }

    /// <summary>The folder to restore to; created when missing.</summary>
    public required string Destination { get; init; }

    /// <summary>Whether existing files are replaced.</summary>
    public bool Force { get; init; }
}
