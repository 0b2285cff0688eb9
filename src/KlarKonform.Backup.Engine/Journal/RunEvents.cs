namespace KlarKonform.Backup.Engine.Journal;

/// <summary>What a run writes to the event log: ids, counts and codes; never a secret, a subject or a file's name. Thread-safe.</summary>
internal sealed class RunEvents(EventLog log, string configuration, Guid run, TimeProvider time)
{
    /// <summary>Writes an event.</summary>
    /// <param name="what">Its stable name.</param>
    /// <param name="message">The event in the user's language.</param>
    /// <param name="data">Its values, for programs.</param>
    public void Write(RunEvent what, string message, object? data = null) =>
        log.Write(
            new
            {
                time = time.GetUtcNow().UtcDateTime,
                level = LevelOf(what),
                @event = what.ToString(),
                configuration,
                run,
                message,
                data,
            }
        );

    private static string LevelOf(RunEvent what) =>
        what switch
        {
            RunEvent.RunFailed or RunEvent.ResourceFailed or RunEvent.VerificationFailed => "error",
            RunEvent.ItemFailed
            or RunEvent.ResourcePartial
            or RunEvent.RunPartial
            or RunEvent.RunStopped
            or RunEvent.Note
            or RunEvent.StopRequested
            or RunEvent.RunStalled => "warning",
            _ => "information",
        };
}
