using KlarKonform.Backup.Engine.Errors;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Retention;
using KlarKonform.Backup.Engine.Runs.Checkpoints;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs.Batches;

/// <summary>Runs resources one by one from what the previous snapshot holds of them, and says what came of each. Thread-safe.</summary>
/// <param name="record">The run.</param>
/// <param name="options">What narrows it.</param>
/// <param name="builder">Where the previous snapshot is read.</param>
/// <param name="reader">The repository.</param>
/// <param name="writer">The repository.</param>
/// <param name="observer">Hears how it goes.</param>
/// <param name="events">Logs how it goes.</param>
/// <param name="deletedItems">What becomes of items that were deleted.</param>
/// <param name="time">Clock.</param>
/// <param name="abandon">Ends even changes that were begun, some seconds after the run was stopped.</param>
internal sealed class ResourceRunner(
    RunProgress record, BackupOptions options, SnapshotBuilder builder, RepositoryReader reader, RepositoryWriter writer, IBackupObserver observer, RunEvents events, DeletedItemsRetention deletedItems, TimeProvider time, CancellationToken abandon)
{
    // Nodes in memory, at some 1.6 KiB each: shared by the resources that run, however many they are.
    private const int MaxLoaded = 8_000;
    private const int MinLoaded = 250;

    private int _active;

    /// <summary>Runs resources side by side. A slow one keeps one place, not the others.</summary>
    public Task RunAsync(IReadOnlyList<IResourceSource> sources, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(sources, new ParallelOptions { MaxDegreeOfParallelism = options.ThrottleLimit, CancellationToken = cancellationToken },
            async (source, token) => await RunAsync(source, token).ConfigureAwait(false));

    // The last wall: a resource that cannot even be begun is one that failed, and what the snapshot has of it stays.
    private async Task RunAsync(IResourceSource source, CancellationToken cancellationToken)
    {
        try
        {
            await BeginAsync(source, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            var error = (BackupException)ErrorTranslator.Translate(exception, record.Configuration);
            record.ResourceFailed(error);
            record.End(source, new ResourceResult { Kind = source.Kind, Name = source.Name, Status = BackupState.Failed, Code = error.ErrorId, Message = error.Message });
            events.Write(RunEvent.ResourceFailed, Texts.Get("Event_ResourceFailed", $"{source.Kind}: {source.Name}", error.ErrorId),
                new { kind = source.Kind, resource = source.Name, code = error.ErrorId, details = Wall.Details(exception) });
        }
    }

    private async Task BeginAsync(IResourceSource source, CancellationToken cancellationToken)
    {
        var stateRoot = await builder.PreviousAsync(SnapshotLayout.StatePath(source.Kind, source.ResourceId), cancellationToken).ConfigureAwait(false);
        var state = await ResourceStore.ReadStateAsync(reader, stateRoot, cancellationToken).ConfigureAwait(false);

        // The user may have been renamed: what is stored stays where it is.
        var path = state.Path is { Count: > 0 } known ? known : source.Path;
        var content = await builder.PreviousAsync(path, cancellationToken).ConfigureAwait(false);
        if (stateRoot is null && content is not null && await IsItsOwnAsync(source, path, cancellationToken).ConfigureAwait(false))
        {
            // A repair found that some of it is lost, and took its state: it is read anew, and takes the place of what is left.
            content = null;
        }
        else if (stateRoot is null && path.Count > 1
            && (content is not null || await IsOfAnotherAsync(path, source.ResourceId, cancellationToken).ConfigureAwait(false)))
        {
            // Somebody else's of the same name, who is gone: what was backed up of him, of whatever kind, is not to be mixed with this.
            path = [path[0], SafeName.FolderWithMark(path[1], source.ResourceId), .. path.Skip(2)];
            content = null;
        }

        var store = ResourceStore.Open(reader, writer, state, content, stateRoot, time, () => Math.Max(MinLoaded, MaxLoaded / Math.Max(1, Volatile.Read(ref _active))), deletedItems.Keeps, abandon);
        var run = new ResourceBackup(source, store, path, writer, observer, events, options.Full, record.Configuration.AcceptedFailures ?? [], time);
        observer.Progress(new BackupProgress(run.Label, Texts.Get("State_Running"), -1, Completed: false));
        events.Write(RunEvent.ResourceStarted, Texts.Get("Event_ResourceStarted", run.Label), new { kind = source.Kind, resource = source.Name });
        Interlocked.Increment(ref _active);
        try
        {
            await store.ChangeStateAsync(each => (each.Kind, each.ResourceId, each.Name, each.Path) = (source.Kind, source.ResourceId, source.Name, path), cancellationToken).ConfigureAwait(false);
            record.Begin(run);
            await RunAsync(run, isNew: stateRoot is null || (state.Items == 0 && state.Folders.IsEmpty && state.Deltas.IsEmpty), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _active);
            foreach (var (text, namesItem) in run.Notes)
            {
                record.Note(text);
                events.Write(RunEvent.Note, namesItem ? Texts.Get("Event_NoteWithName", run.Label) : text);
            }

            observer.Progress(new BackupProgress(run.Label, Texts.Get("Progress_Resource", run.Downloaded, run.Updated), 100, Completed: true));
        }
    }

    private async Task<bool> IsItsOwnAsync(IResourceSource source, IReadOnlyList<string> path, CancellationToken cancellationToken) =>
        (await builder.PreviousManifestAsync(cancellationToken).ConfigureAwait(false)).Resources
            .Any(each => each.Kind == source.Kind && each.Id == source.ResourceId && each.Path.SequenceEqual(path));

    private async Task<bool> IsOfAnotherAsync(IReadOnlyList<string> path, string id, CancellationToken cancellationToken) =>
        (await builder.PreviousManifestAsync(cancellationToken).ConfigureAwait(false)).Resources.Any(each => each.Id != id && each.Path.Count > 1 && each.Path[0] == path[0] && each.Path[1] == path[1]);

    private async Task RunAsync(ResourceBackup run, bool isNew, CancellationToken cancellationToken)
    {
        var source = run.Source;
        try
        {
            await source.RunAsync(run, cancellationToken).ConfigureAwait(false);
            if (run.Store.State.Failures.Values.Count(failure => failure is { Permanent: false, NextAttempt: not null }) - run.Failures.Count(failure => failure.NextAttempt is not null) is > 0 and var later)
                run.Note(Texts.Get("KnownFailures", source.Kind, source.Name, later));

            await run.ForgetEarlierFailureAsync(ResourceBackup.Whole, cancellationToken).ConfigureAwait(false);
            await run.ForgetVanishedAsync(cancellationToken).ConfigureAwait(false);
            await run.Store.DropPartialsAsync(cancellationToken).ConfigureAwait(false);
            await deletedItems.ExpireAsync(run, cancellationToken).ConfigureAwait(false);

            // Written by the resource's own thread and out of memory, before the last one is done.
            await EndAsync(run, BackupState.Succeeded, withdraw: false, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken) && !run.IsClosed)
        {
            await EndAsync(run, isNew, await ConfirmAsync(source, exception, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
    }

    // An answer about one of its folders or items does not end a resource as gone, missing or locked: it is asked itself.
    private static async Task<Exception> ConfirmAsync(IResourceSource source, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not GraphException { IsOfResource: false, Kind: GraphErrorKind.UserGone or GraphErrorKind.NotFound or GraphErrorKind.NotProvisioned or GraphErrorKind.Locked } graph)
            return exception;
        try
        {
            await source.ProbeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception answer) when (Wall.Holds(answer, cancellationToken))
        {
            return answer;
        }

        return new GraphException(GraphErrorKind.Other, graph.Status, graph.Code, graph.Message, graph);
    }

    private async Task EndAsync(ResourceBackup run, bool isNew, Exception reason, CancellationToken cancellationToken)
    {
        var source = run.Source;
        switch (reason)
        {
            case GraphException { Kind: GraphErrorKind.UserGone, IsOfResource: true } gone:
                // Deleted since the users were listed. What was backed up stays.
                run.Note(Gone(source.Kind, source.Name));
                await EndAsync(run, BackupState.Succeeded, withdraw: false, cancellationToken, gone.Code, Gone(source.Kind, source.Name), skipped: true).ConfigureAwait(false);
                return;
            case GraphException { Kind: GraphErrorKind.NotProvisioned, IsOfResource: true } missing when isNew:
                // Nothing was there and nothing is: no trace in the snapshot.
                await EndAsync(run, BackupState.Succeeded, withdraw: true, cancellationToken, missing.Code, Texts.Get(source.Kind == "OneDrive" ? "NoOneDrive" : "NoMailbox"), skipped: true).ConfigureAwait(false);
                return;
            case GraphException { Kind: GraphErrorKind.NotProvisioned or GraphErrorKind.Locked, IsOfResource: true } away:
                // It is there, or was, and nobody can read it now: that stays visible until somebody accepts it.
                var text = away.Kind == GraphErrorKind.Locked ? Texts.Get("SiteLocked", source.Name) : Texts.Get("ResourceAway", source.Kind, source.Name);
                run.Note(text);
                await run.FailAsync(ResourceBackup.Whole, "", source.Name, new ItemProblem(away.Code, text, "HintAway") { Level = FailureLevel.Resource }, cancellationToken).ConfigureAwait(false);
                await EndAsync(run, BackupState.Succeeded, withdraw: false, cancellationToken, away.Code, text, skipped: true).ConfigureAwait(false);
                return;
            default:
                var error = (BackupException)ErrorTranslator.Translate(reason, record.Configuration);
                record.ResourceFailed(error);
                var code = reason is GraphException graph ? graph.Code : error.ErrorId;
                await run.FailAsync(ResourceBackup.Whole, "", source.Name, ItemProblem.Of(reason, FailureLevel.Resource) with { Code = code, Message = error.Message }, cancellationToken).ConfigureAwait(false);

                // An unlisted source stands for nothing that a snapshot could hold.
                await EndAsync(run, BackupState.Failed, withdraw: source is FailedListing, cancellationToken, code, error.Message).ConfigureAwait(false);
                return;
        }
    }

    private async Task EndAsync(ResourceBackup run, BackupState status, bool withdraw, CancellationToken cancellationToken, string? code = null, string? message = null, bool skipped = false)
    {
        await run.CloseAsync(withdraw, cancellationToken).ConfigureAwait(false);

        // Succeeded is a promise: whatever is not in the backup, and nobody has accepted, makes it Partial, this night and every other.
        if (status == BackupState.Succeeded && (run.Mismatches.Count > 0 || run.RetryList.Any(failure => failure.AcceptedReason is null)))
            status = BackupState.Partial;
        var counts = run.ToResult(status);
        var result = counts with
        {
            Skipped = skipped,
            Code = code,
            Message = message,
            ItemsExpected = skipped ? null : counts.ItemsExpected,
            ItemsStored = skipped ? null : counts.ItemsStored,
        };
        record.End(run.Source, result);
        var what = skipped ? RunEvent.ResourceSkipped : status switch
        {
            BackupState.Succeeded => RunEvent.ResourceSucceeded,
            BackupState.Partial => RunEvent.ResourcePartial,
            _ => RunEvent.ResourceFailed,
        };
        events.Write(what, Texts.Get("Event_" + what, run.Label, message ?? ""), new
        {
            kind = result.Kind,
            resource = result.Name,
            code,
            expected = result.ItemsExpected,
            stored = result.ItemsStored,
            downloaded = result.ItemsDownloaded,
            updated = result.ItemsUpdated,
            removed = result.ItemsRemoved,
            bytes = result.BytesDownloaded,
            failures = result.Failures,
        });
    }

    /// <summary>What the admin is told of a resource that is gone while its backup stays.</summary>
    public static string Gone(string kind, string name) => kind == "SharePoint" ? Texts.Get("SiteGone", name) : Texts.Get("UserGone", kind, name);
}
