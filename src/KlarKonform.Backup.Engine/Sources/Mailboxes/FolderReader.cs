using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// Reads a resource whose items are in folders, each with a cursor of its own: mail, calendars, contacts, the address book. Hierarchy
/// first, then every folder, repeated as long as items move while being read, and removals last: an item is only removed when a whole
/// round that began after its removal was reported has not found it elsewhere.
/// </summary>
internal sealed class FolderReader(IFolderedItems items, ResourceBackup run)
{
    // In a mailbox that never rests, the last removals wait for the next run.
    private const int MaxRounds = 4;

    private readonly FolderHierarchy _hierarchy = new(items, run);
    private readonly ItemRefresher _refresher = new(items, run);
    private readonly VanishedFolders _vanished = new(run);

    /// <summary>Applies everything that changed.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        run.Store.AnswersMayCross = true;
        var changed = new HashSet<string>(StringComparer.Ordinal);
        for (var number = 1; ; number++)
        {
            await _hierarchy.ReadAsync(cancellationToken);
            var cursors = run.Full && number == 1 ? CursorUse.Ignored : CursorUse.Continued;
            var round = new FolderRound(items, run, _vanished, cursors);

            // A later round's pages are almost empty.
            await round.ReadAsync(
                LivingFolders(run.Store.State),
                number == 1 ? MailboxLimits.FoldersAtOnce : MailboxLimits.Concurrency,
                cancellationToken
            );
            if (number == 1)
                await RetryAsync(round, cancellationToken);
            changed.UnionWith(round.ChangedFolders);

            // An item that moved from an unread folder to one already read was missed: the cursors of a moment ago show it.
            if (round.NeedsAnotherRound && number < MaxRounds)
                continue;
            await new FolderRemovals(items, run, round).ApplyAsync(cancellationToken);
            break;
        }

        await run.Store.ApplyPreferredNamesAsync(cancellationToken);
        await items.FinishAsync(cancellationToken);

        // A count that was not available is requested again, whether anything changed there or not.
        changed.UnionWith(
            run.Store.State.Failures.Keys.Where(key => key.StartsWith(FolderVerifier.Part, StringComparison.Ordinal))
                .Select(key => key[FolderVerifier.Part.Length..])
        );
        await new FolderVerifier(items, run, _vanished).VerifyAsync(changed, cancellationToken);
    }

    private static IEnumerable<string> LivingFolders(ResourceState state) =>
        [.. state.Folders.Keys.Where(id => !state.PendingFolderRemovals.Contains(id))];

    private async Task RetryAsync(FolderRound round, CancellationToken cancellationToken)
    {
        foreach (
            var (id, parent, name) in run
                .DueFailures.Select(failure => (failure.ItemId, failure.Parent, failure.Name))
                .Concat(run.DueDoubts.Select(doubt => (doubt.ItemId, doubt.Parent, Name: doubt.ItemId)))
                .ToArray()
        )
        {
            await run.GuardAsync(
                id,
                parent,
                name,
                async () =>
                {
                    if (await _refresher.RefreshAsync(id, parent, round.NoteVanished, cancellationToken) is null)
                        await run.ForgetAsync(id, cancellationToken);
                },
                cancellationToken
            );
        }
    }
}
