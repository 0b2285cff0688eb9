using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Repository.Pruning;

/// <summary>How a prune works.</summary>
public sealed record PruneOptions
{
    /// <summary>
    /// How long a pack that nothing needs any more is kept, out of the index: a writer that no lock excludes (rustic takes none; a lock may
    /// have been lost, or overlooked in an incomplete listing) may still refer to its contents. An hour less than a day, like rustic's
    /// <c>--keep-delete</c>, so that every night deletes what the previous night retired. Zero deletes at once, as restic does.
    /// </summary>
    public TimeSpan KeepRetired { get; init; } = TimeSpan.FromHours(23);

    /// <summary>How to repack what stays; null for the writer's defaults.</summary>
    public WriterOptions? Writer { get; init; }
}
