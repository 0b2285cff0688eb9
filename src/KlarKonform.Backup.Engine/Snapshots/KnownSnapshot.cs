namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>A complete snapshot that there was when a manifest was written.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Taken">When it was taken.</param>
internal sealed record KnownSnapshot(string Id, DateTimeOffset Taken)
{
    /// <summary>What it was before another program changed it, or null: of all of its copies this is the same.</summary>
    public string? Original { get; init; }

    /// <summary>Whether a hold alone keeps it: by the rules it would be gone.</summary>
    public bool Held { get; init; }
}
