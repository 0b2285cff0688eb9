using KlarKonform.Backup.Engine.Errors;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Runs.Batches;

/// <summary>Ends the run of a resource: what its outcome means, for the snapshot, the result and the event log. Thread-safe.</summary>
internal sealed class ResourceEnding(RunContext context)
{
    /// <summary>The text for the admin about a resource that no longer exists while its backup stays.</summary>
    public static string Gone(string kind, string name) =>
        kind == "SharePoint" ? Texts.Get("SiteGone", name) : Texts.Get("UserGone", kind, name);

    /// <summary>Ends it with the error that stopped it.</summary>
    /// <param name="run">The resource's part of the run.</param>
    /// <param name="isNew">Whether no earlier run has stored anything of it.</param>
    /// <param name="reason">The error. One that says that the resource is gone, missing or locked was confirmed by asking for it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task EndAsync(ResourceBackup run, bool isNew, Exception reason, CancellationToken cancellationToken)
    {
        var source = run.Source;
        switch (reason)
        {
            case GraphException { Kind: GraphErrorKind.ResourceGone, IsOfResource: true } gone:
                // Deleted after the users were listed. What was backed up stays.
                run.Note(Gone(source.Kind, source.Name));
                await EndAsync(run, Skipped(gone.Code, Gone(source.Kind, source.Name)), cancellationToken);
                return;
            case GraphException { Kind: GraphErrorKind.NotProvisioned, IsOfResource: true } missing when isNew:
                // Nothing existed before, and nothing exists now: no trace in the snapshot.
                var nothing = Texts.Get(source.Kind == ResourceKinds.OneDrive ? "NoOneDrive" : "NoMailbox");
                await EndAsync(run, Skipped(missing.Code, nothing) with { IsWithdrawn = true }, cancellationToken);
                return;
            case GraphException { Kind: GraphErrorKind.NotProvisioned or GraphErrorKind.Locked, IsOfResource: true } away:
                // It exists, or did, and cannot be read now: that stays visible until an admin accepts it.
                var text =
                    away.Kind == GraphErrorKind.Locked
                        ? Texts.Get("SiteLocked", source.Name)
                        : Texts.Get("ResourceAway", source.Kind, source.Name);
                run.Note(text);
                await run.FailAsync(
                    ResourceBackup.Whole,
                    "",
                    source.Name,
                    new ItemProblem(away.Code, text, "HintAway") { Level = FailureLevel.Resource },
                    cancellationToken
                );
                await EndAsync(run, Skipped(away.Code, text), cancellationToken);
                return;
            default:
                var error = (BackupException)ErrorTranslator.Translate(reason, context.Record.Configuration);
                context.Record.ResourceFailed(error);
                var code = reason is GraphException graph ? graph.Code : error.ErrorId;
                await run.FailAsync(
                    ResourceBackup.Whole,
                    "",
                    source.Name,
                    ItemProblem.Of(reason, FailureLevel.Resource) with
                    {
                        Code = code,
                        Message = error.Message,
                    },
                    cancellationToken
                );

                // An unlisted source corresponds to nothing that a snapshot could hold.
                var failed = new ResourceEnd(BackupState.Failed) { Code = code, Message = error.Message };
                await EndAsync(run, failed with { IsWithdrawn = source is FailedListing }, cancellationToken);
                return;
        }
    }

    /// <summary>Closes it and reports its result.</summary>
    public async Task EndAsync(ResourceBackup run, ResourceEnd end, CancellationToken cancellationToken)
    {
        await run.CloseAsync(end.IsWithdrawn, cancellationToken);

        // Succeeded is a promise: anything that is missing from the backup and not accepted makes it Partial, this night and every other.
        var status = end.Status;
        if (status == BackupState.Succeeded && (run.Mismatches.Count > 0 || run.RetryList.Any(failure => failure.AcceptedReason is null)))
            status = BackupState.Partial;
        var counts = run.ToResult(status);
        var result = counts with
        {
            Skipped = end.IsSkipped,
            Code = end.Code,
            Message = end.Message,
            ItemsExpected = end.IsSkipped ? null : counts.ItemsExpected,
            ItemsStored = end.IsSkipped ? null : counts.ItemsStored,
        };
        context.Record.End(run.Source, result);
        var what = end.IsSkipped
            ? RunEvent.ResourceSkipped
            : status switch
            {
                BackupState.Succeeded => RunEvent.ResourceSucceeded,
                BackupState.Partial => RunEvent.ResourcePartial,
                _ => RunEvent.ResourceFailed,
            };
        context.Events.Write(
            what,
            Texts.Get("Event_" + what, run.Label, end.Message ?? ""),
            new
            {
                kind = result.Kind,
                resource = result.Name,
                code = end.Code,
                expected = result.ItemsExpected,
                stored = result.ItemsStored,
                downloaded = result.ItemsDownloaded,
                updated = result.ItemsUpdated,
                removed = result.ItemsRemoved,
                bytes = result.BytesDownloaded,
                failures = result.Failures,
            }
        );
    }

    private static ResourceEnd Skipped(string code, string message) =>
        new(BackupState.Succeeded)
        {
            IsSkipped = true,
            Code = code,
            Message = message,
        };
}
