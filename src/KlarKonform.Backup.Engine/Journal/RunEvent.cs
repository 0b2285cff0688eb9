namespace KlarKonform.Backup.Engine.Journal;

/// <summary>Stable names of what the event log says.</summary>
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
