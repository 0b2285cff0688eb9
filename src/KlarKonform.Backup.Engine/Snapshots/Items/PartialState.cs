namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>A file that is partly stored. A file in the state's tree names its chunks, so that no prune removes them.</summary>
internal sealed record PartialState
{
    public required string Version { get; init; }

    /// <summary>Number of bytes stored.</summary>
    public required long Size { get; init; }

    /// <summary>The state of their quickXorHash.</summary>
    public required string Hash { get; init; }
}
