namespace KlarKonform.Backup.Storage;

/// <summary>
/// What a store has seen of its place so far. A folder that is not found is an empty one only where its surroundings are still in sight; a
/// share that went away leaves nothing, or an empty folder, and must not look like a repository without snapshots. Thread-safe.
/// </summary>
internal sealed class Sightings
{
    private volatile bool _root;
    private volatile bool _anchor;

    /// <summary>Whether the place itself must be there.</summary>
    public bool ExpectsRoot => _root;

    /// <summary>Whether the repository's config must be there.</summary>
    public bool ExpectsAnchor => _anchor;

    /// <summary>The place is there.</summary>
    public void SawRoot() => _root = true;

    /// <summary>An object is there.</summary>
    public void Saw(string key)
    {
        _root = true;
        if (key == ObjectKeys.Anchor)
            _anchor = true;
    }

    /// <summary>The object was deleted by this store.</summary>
    public void Deleted(string key)
    {
        if (key == ObjectKeys.Anchor)
            _anchor = false;
    }

    /// <summary>The failure when the place, or its config, is not in sight any more. It may come back, as shares do.</summary>
    public StorageException OutOfSight(string location, string? key) => new(StorageErrorKind.Unreachable, location, key, ExpectsAnchor
        ? $"'{location}' does not hold its '{ObjectKeys.Anchor}' any more: the share or volume is away, or another one is in its place."
        : $"'{location}' is not there any more: the share or volume is away.");
}
