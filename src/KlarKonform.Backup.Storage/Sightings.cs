namespace KlarKonform.Backup.Storage;

/// <summary>
/// What a store has seen of its place so far. A folder that is not found only counts as empty if its surroundings are still in sight; a
/// share that went away leaves nothing, or an empty folder, and must not look like a repository without snapshots. Thread-safe.
/// </summary>
internal sealed class Sightings
{
    private volatile bool _root;
    private volatile bool _anchor;

    /// <summary>Whether the place itself must exist.</summary>
    public bool ExpectsRoot => _root;

    /// <summary>Whether the repository's config must exist.</summary>
    public bool ExpectsAnchor => _anchor;

    /// <summary>Records that the place exists.</summary>
    public void SawRoot() => _root = true;

    /// <summary>Records that an object exists.</summary>
    public void Saw(string key)
    {
        _root = true;
        if (key == ObjectKeys.Anchor)
            _anchor = true;
    }

    /// <summary>Records that this store deleted the object.</summary>
    public void Deleted(string key)
    {
        if (key == ObjectKeys.Anchor)
            _anchor = false;
    }

    /// <summary>The failure for a place, or its config, that is no longer in sight. It may come back, as shares do.</summary>
    public StorageException OutOfSight(string location, string? key) =>
        new(
            StorageErrorKind.Unreachable,
            location,
            key,
            ExpectsAnchor
                ? $"'{location}' does not hold its '{ObjectKeys.Anchor}' any more: the share or volume is away, or another "
                    + $"one is in its place."
                : $"'{location}' is not there any more: the share or volume is away."
        );
}
