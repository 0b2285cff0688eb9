namespace KlarKonform.Backup.Engine.Journal;

/// <summary>Stable names of the entries in the event log.</summary>
internal enum RunEvent
{
    RunStarted,
    ResourceStarted,
    ResourceSucceeded,
    ResourcePartial,
    ResourceFailed,
    ResourceSkipped,
    ItemFailed,
    Checkpoint,
    ShardContinued,
    ShardDone,
    Note,
    StopRequested,
    RunStalled,
    RunResumed,
    VerificationClean,
    VerificationFailed,
    RetentionApplied,
    RunSucceeded,
    RunPartial,
    RunFailed,
    RunStopped,
}
