namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>A file of which a part is stored. The pieces are named by a file in the state's tree, so that no prune takes them away.</summary>
internal sealed record PartialState
{
    public required string Version { get; init; }

    /// <summary>Bytes that are stored.</summary>
    public required long Size { get; init; }

    /// <summary>The state of their quickXorHash.</summary>
    public required string Hash { get; init; }
}
