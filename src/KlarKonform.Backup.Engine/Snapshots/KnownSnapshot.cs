namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>A complete snapshot that existed when a manifest was written.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Taken">When it was taken.</param>
internal sealed record KnownSnapshot(string Id, DateTimeOffset Taken)
{
    /// <summary>The original snapshot's id if another program changed it, or null: all copies have the same.</summary>
    public string? Original { get; init; }

    /// <summary>Whether only a hold keeps it: by the rules it would be removed.</summary>
    public bool Held { get; init; }
}
