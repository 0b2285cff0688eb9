namespace KlarKonform.Backup.Repository.Format;

/// <summary>The holder of a lock. Times are from the holder's own clock, UTC.</summary>
/// <param name="Host">The computer.</param>
/// <param name="User">The user.</param>
/// <param name="ProcessId">The process on that computer.</param>
/// <param name="IsExclusive">Whether it excludes everyone else.</param>
/// <param name="Purpose">What it is held for, or null: stock restic's locks say nothing.</param>
/// <param name="Since">When it was taken.</param>
/// <param name="Renewed">When it was last renewed: the holder's last sign of life.</param>
public sealed record LockHolder(
    string Host,
    string User,
    int ProcessId,
    bool IsExclusive,
    string? Purpose,
    DateTimeOffset Since,
    DateTimeOffset Renewed
)
{
    /// <summary>
    /// What is known about its owner; unless it is <see cref="LockEvidence.Renewed"/>, only watching shows whether it is alive.
    /// </summary>
    public LockEvidence Evidence { get; init; }
}
