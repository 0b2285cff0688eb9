using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Repository.Pruning;

/// <summary>How a prune works.</summary>
public sealed record PruneOptions
{
    /// <summary>
    /// How long a pack that nothing needs any more stays, out of the index: a writer that no lock keeps out (rustic takes none; a lock may
    /// have been lost, or overlooked in a short listing) may still refer to what is in it. An hour less than a day, as rustic's
    /// <c>--keep-delete</c>, so that every night deletes what the night before retired. Zero deletes at once, as restic does.
    /// </summary>
    public TimeSpan KeepRetired { get; init; } = TimeSpan.FromHours(23);

    /// <summary>How what stays is packed anew; null for the writer's own.</summary>
    public WriterOptions? Writer { get; init; }
}
