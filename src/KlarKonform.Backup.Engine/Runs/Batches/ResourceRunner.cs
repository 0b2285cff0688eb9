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

/// <summary>
/// Runs resources one by one, starting from what the previous snapshot holds of them, and reports the result of each. Thread-safe.
/// </summary>
/// <param name="context">The run.</param>
/// <param name="builder">Reads the previous snapshot.</param>
/// <param name="reader">Reads from the repository.</param>
/// <param name="writer">Writes to the repository.</param>
/// <param name="deletedItems">Decides what happens to deleted items.</param>
internal sealed class ResourceRunner(
    RunContext context,
    SnapshotBuilder builder,
    RepositoryReader reader,
    RepositoryWriter writer,
    DeletedItemsRetention deletedItems
)
{
    // Maximum number of nodes in memory, at about 1.6 KiB each: shared by all running resources.
    private const int MaxLoaded = 8_000;
    private const int MinLoaded = 250;

    private readonly ResourceEnding _ending = new(context);
    private int _active;

    /// <summary>Runs resources concurrently. A slow resource occupies one slot, not the others.</summary>
    public Task RunAsync(IReadOnlyList<IResourceSource> sources, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            sources,
            new ParallelOptions { MaxDegreeOfParallelism = context.Options.ThrottleLimit, CancellationToken = cancellationToken },
            async (source, token) => await RunAsync(source, token)
        );

    // The outermost wall: a resource that cannot even be started counts as failed, and what the snapshot has of it stays.
    private async Task RunAsync(IResourceSource source, CancellationToken cancellationToken)
    {
        try
        {
            await BeginAsync(source, cancellationToken);
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            var error = (BackupException)ErrorTranslator.Translate(exception, context.Record.Configuration);
            context.Record.ResourceFailed(error);
            context.Record.End(
                source,
                new ResourceResult
                {
                    Kind = source.Kind,
                    Name = source.Name,
                    Status = BackupState.Failed,
                    Code = error.ErrorId,
                    Message = error.Message,
                }
            );
            context.Events.Write(
                RunEvent.ResourceFailed,
                Texts.Get("Event_ResourceFailed", $"{source.Kind}: {source.Name}", error.ErrorId),
                new
                {
                    kind = source.Kind,
                    resource = source.Name,
                    code = error.ErrorId,
                    details = Wall.Details(exception),
                }
            );
        }
    }

    private async Task BeginAsync(IResourceSource source, CancellationToken cancellationToken)
    {
        var stateRoot = await builder.PreviousAsync(SnapshotLayout.StatePath(source.Kind, source.ResourceId), cancellationToken);
        var state = await ResourceStore.ReadStateAsync(reader, stateRoot, cancellationToken);

        // The user may have been renamed: what is stored keeps its path.
        var path = state.Path is { Count: > 0 } known ? known : source.Path;
        var content = await builder.PreviousAsync(path, cancellationToken);
        if (stateRoot is null && content is not null && await IsItsOwnAsync(source, path, cancellationToken))
        {
            // A repair found that part of it is lost and dropped its state: it is read again from the beginning, and replaces what is left.
            content = null;
        }
        else if (
            stateRoot is null
            && path.Count > 1
            && (content is not null || await IsOfAnotherAsync(path, source.ResourceId, cancellationToken))
        )
        {
            // This folder belongs to a former user of the same name. Keep the two backups apart, for all kinds of resources.
            path = [path[0], SafeName.FolderWithMark(path[1], source.ResourceId), .. path.Skip(2)];
            content = null;
        }

        var store = ResourceStore.Open(
            reader,
            writer,
            new StoredResource(state, content, stateRoot),
            new StoreOptions(
                () => Math.Max(MinLoaded, MaxLoaded / Math.Max(1, Volatile.Read(ref _active))),
                deletedItems.Keeps,
                context.Abandon
            ),
            context.Time
        );
        var run = new ResourceBackup(context.ForResources, source, store, path, writer);
        context.Observer.Progress(new BackupProgress(run.Label, Texts.Get("State_Running"), -1, Completed: false));
        context.Events.Write(
            RunEvent.ResourceStarted,
            Texts.Get("Event_ResourceStarted", run.Label),
            new { kind = source.Kind, resource = source.Name }
        );
        Interlocked.Increment(ref _active);
        try
        {
            await store.ChangeStateAsync(
                each => (each.Kind, each.ResourceId, each.Name, each.Path) = (source.Kind, source.ResourceId, source.Name, path),
                cancellationToken
            );
            context.Record.Begin(run);
            await RunAsync(
                run,
                isNew: stateRoot is null || (state.Items == 0 && state.Folders.IsEmpty && state.Deltas.IsEmpty),
                cancellationToken
            );
        }
        finally
        {
            Interlocked.Decrement(ref _active);
            foreach (var (text, namesItem) in run.Notes)
            {
                context.Record.Note(text);
                context.Events.Write(RunEvent.Note, namesItem ? Texts.Get("Event_NoteWithName", run.Label) : text);
            }

            context.Observer.Progress(
                new BackupProgress(run.Label, Texts.Get("Progress_Resource", run.Downloaded, run.Updated), 100, Completed: true)
            );
        }
    }

    private async Task<bool> IsItsOwnAsync(IResourceSource source, IReadOnlyList<string> path, CancellationToken cancellationToken) =>
        (await builder.PreviousManifestAsync(cancellationToken)).Resources.Any(each =>
            each.Kind == source.Kind && each.Id == source.ResourceId && each.Path.SequenceEqual(path)
        );

    private async Task<bool> IsOfAnotherAsync(IReadOnlyList<string> path, string id, CancellationToken cancellationToken) =>
        (await builder.PreviousManifestAsync(cancellationToken)).Resources.Any(each =>
            each.Id != id && each.Path.Count > 1 && each.Path[0] == path[0] && each.Path[1] == path[1]
        );

    private async Task RunAsync(ResourceBackup run, bool isNew, CancellationToken cancellationToken)
    {
        var source = run.Source;
        try
        {
            await source.RunAsync(run, cancellationToken);
            if (
                run.Store.State.Failures.Values.Count(failure => failure is { Permanent: false, NextAttempt: not null })
                    - run.Failures.Count(failure => failure.NextAttempt is not null)
                is > 0
                    and var later
            )
                run.Note(Texts.Get("KnownFailures", source.Kind, source.Name, later));

            await run.ForgetEarlierFailureAsync(ResourceBackup.Whole, cancellationToken);
            await run.ForgetVanishedAsync(cancellationToken);
            await run.Store.DropPartialsAsync(cancellationToken);
            await deletedItems.ExpireAsync(run, cancellationToken);

            // Stores its own trees here and frees its memory, before the last resource is finished.
            await _ending.EndAsync(run, new ResourceEnd(BackupState.Succeeded), cancellationToken);
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken) && !run.IsClosed)
        {
            await _ending.EndAsync(run, isNew, await ConfirmAsync(source, exception, cancellationToken), cancellationToken);
        }
    }

    // An error about one of its folders or items does not prove that the resource is gone, missing or locked: the resource itself is asked.
    private static async Task<Exception> ConfirmAsync(IResourceSource source, Exception exception, CancellationToken cancellationToken)
    {
        if (
            exception
            is not GraphException
            {
                IsOfResource: false,
                Kind: GraphErrorKind.ResourceGone or GraphErrorKind.NotFound or GraphErrorKind.NotProvisioned or GraphErrorKind.Locked
            } graph
        )
            return exception;
        try
        {
            await source.ProbeAsync(cancellationToken);
        }
        catch (Exception answer) when (Wall.Holds(answer, cancellationToken))
        {
            return answer;
        }

        return new GraphException(GraphErrorKind.Other, graph.Status, graph.Code, graph.Message, graph);
    }
}
