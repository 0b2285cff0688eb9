using KlarKonform.Backup.Engine.Journal;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>What the resources of a run have in common.</summary>
/// <param name="Observer">Receives progress and warnings.</param>
/// <param name="Events">Writes the event log.</param>
/// <param name="Accepted">Failures that an admin has accepted.</param>
/// <param name="Time">Clock.</param>
internal sealed record ResourceContext(
    IBackupObserver Observer,
    RunEvents Events,
    IReadOnlyList<AcceptedFailure> Accepted,
    TimeProvider Time
)
{
    /// <summary>Whether to ignore cursors and read everything.</summary>
    public bool IsFull { get; init; }
}
