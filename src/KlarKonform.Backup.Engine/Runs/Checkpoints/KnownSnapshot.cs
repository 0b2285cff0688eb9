namespace KlarKonform.Backup.Engine.Runs.Checkpoints;

/// <summary>A complete snapshot that there was when a manifest was written.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Taken">When it was taken.</param>
internal sealed record KnownSnapshot(string Id, DateTimeOffset Taken)
{
    /// <summary>Whether a hold alone keeps it: by the rules it would be gone.</summary>
    public bool Held { get; init; }
}
