using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>
/// One round of a delta that returns everything when there is no cursor: keeps the cursor, and after losing it compares what the service
/// returns with what is stored.
/// </summary>
/// <param name="run">The resource's run.</param>
/// <param name="key">The drive's or list's id, under which its cursor is kept.</param>
/// <param name="folder">The index entry of the folder that contains its items.</param>
/// <param name="name">Its name, for display.</param>
internal sealed class DeltaRound(ResourceBackup run, string key, string folder, string name)
{
    // The service lost its own changes, and items that it does not return may exist nevertheless (driveitem-delta, answer 410).
    private const string MayBeThere = "resyncChangesUploadDifferences";

    // 16 bytes per item: a drive of millions is compared in tens of megabytes.
    private HashSet<UInt128>? _seen;
    private int _restarts;

    /// <summary>What earlier rounds stored.</summary>
    public DeltaState State => run.Store.State.Deltas.GetOrAdd(key, _ => new DeltaState());

    /// <summary>Records that the service reported the item as present.</summary>
    public void Saw(string id) => _seen?.Add(IndexLeaf.KeyOf(id));

    /// <summary>Records that the service reported the item as removed.</summary>
    public void SawGone(string id) => _seen?.Remove(IndexLeaf.KeyOf(id));

    /// <summary>Reads the round to its end.</summary>
    /// <param name="read">Reads the pages from a link on, or from the beginning.</param>
    /// <param name="apply">Applies a page. False keeps the cursor: an interruption after this page would lose something.</param>
    /// <param name="missing">Called for stored items that a comparison did not find.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <param name="isListing">Whether the pages are a plain listing of everything, which cannot start from a cursor.</param>
    public async Task ReadAsync(
        Func<Uri?, IAsyncEnumerable<DeltaPage>> read,
        Func<DeltaPage, Task<bool>> apply,
        Missing missing,
        CancellationToken cancellationToken,
        bool isListing = false
    )
    {
        Uri? link =
            State.Link is { } stored && !run.Full && !isListing && Uri.TryCreate(stored, UriKind.Absolute, out var address)
                ? address
                : null;
        var uncertain = false;
        _seen = link is null && await AnyAsync(cancellationToken) ? [] : null;
        while (true)
        {
            try
            {
                var unread = 0;
                await foreach (var page in read(link))
                {
                    var complete = await apply(page);
                    unread += page.Nameless + page.Unread;
                    var isSettled =
                        page.NextLink is not null
                        || _seen is null
                        || unread > 0
                        || await CompareAsync(missing, uncertain, cancellationToken);

                    // A comparison only counts when complete: an interruption starts it again, because otherwise its removals would be
                    // lost. After a page that was incomplete, the cursor stays: the next run requests that page again.
                    if (!isSettled)
                        await run.Store.ChangeStateAsync(_ => State.Link = null, cancellationToken);
                    else if (complete && unread == 0 && !isListing && (page.NextLink is null || _seen is null))
                        await run.Store.ChangeStateAsync(
                            _ => State.Link = (page.NextLink ?? page.DeltaLink)?.ToString(),
                            cancellationToken
                        );
                }

                if (unread > 0)
                    throw new PartIncompleteException(
                        new ItemProblem("EntriesUnread", Texts.Get("EntriesUnread", name, unread), "HintRetry")
                        {
                            Level = FailureLevel.Part,
                        }
                    );
                return;
            }
            catch (GraphException exception)
                when (link is not null && _restarts == 0 && !exception.IsOfResource && IsOfTheCursor(exception))
            {
                // Only the drive itself says that it is gone. A cursor that is refused, in whatever words, is dropped, and everything is
                // read again.
                _restarts++;
                run.Note(Texts.Get("CursorExpired", run.Source.Kind, run.Source.Name));
                (link, _seen) = (exception.Kind == GraphErrorKind.ResyncRequired ? exception.Restart : null, []);
                uncertain = string.Equals(exception.Code, MayBeThere, StringComparison.OrdinalIgnoreCase);
            }
        }
    }

    /// <summary>Whether a failure may be due to the cursor in the request.</summary>
    public static bool IsOfTheCursor(GraphException exception) =>
        exception.Kind
            is GraphErrorKind.ResyncRequired
                or GraphErrorKind.NotFound
                or GraphErrorKind.Other
                or GraphErrorKind.ResourceGone
                or GraphErrorKind.NotProvisioned
        || exception.Code == GraphException.BrokenAnswer
        || exception is { Kind: GraphErrorKind.Unreachable, Status: not null };

    private async Task<bool> AnyAsync(CancellationToken cancellationToken)
    {
        await foreach (var _ in run.Store.ItemsOfAsync(folder, folders: true, cancellationToken))
            return true;
        return false;
    }

    // False if something waits: the next run compares again, because delta would not report it.
    private async Task<bool> CompareAsync(Missing missing, bool uncertain, CancellationToken cancellationToken)
    {
        var (all, gone) = (0L, new List<string>());
        var pending = new Stack<string>([folder]);
        while (pending.TryPop(out var current))
        {
            await foreach (var id in run.Store.ItemsOfAsync(current, folders: true, cancellationToken))
            {
                all++;
                if (!_seen!.Contains(IndexLeaf.KeyOf(id)))
                    gone.Add(id);
                if (await run.Store.FindAsync(id, cancellationToken) is { IsFolder: true })
                    pending.Push(id);
            }
        }

        return gone.Count == 0 || await missing(gone, all, all - gone.Count, uncertain);
    }

    /// <summary>Handles what a comparison did not find.</summary>
    /// <param name="ids">The items.</param>
    /// <param name="stored">Number of stored items, including folders.</param>
    /// <param name="listed">Number of items that were found.</param>
    /// <param name="uncertain">Whether they may exist nevertheless, as the service itself says.</param>
    /// <returns>Whether all of them are settled: removed, or known to exist.</returns>
    public delegate Task<bool> Missing(IReadOnlyList<string> ids, long stored, long listed, bool uncertain);
}
