using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Delta;

namespace KlarKonform.Backup.Engine.Sources.Deltas;

/// <summary>
/// One round of a delta that enumerates everything without a cursor: keeps the cursor, and after a lost one compares what the service
/// names with what is stored.
/// </summary>
/// <param name="run">The resource's run.</param>
/// <param name="key">The drive's or list's id, under which its cursor is kept.</param>
/// <param name="folder">The entry of the folder that holds its items.</param>
internal sealed class DeltaRound(ResourceRun run, string key, string folder)
{
    // The service lost its own changes, and what it does not name may be there all the same (driveitem-delta, answer 410).
    private const string MayBeThere = "resyncChangesUploadDifferences";

    // 16 bytes an item: a drive of millions is compared in tens of megabytes.
    private HashSet<UInt128>? _seen;

    /// <summary>What was kept of earlier rounds.</summary>
    public DeltaState State => run.Store.State.Deltas.GetOrAdd(key, _ => new DeltaState());

    /// <summary>The service named the item as present.</summary>
    public void Saw(string id) => _seen?.Add(IndexLeaf.KeyOf(id));

    /// <summary>The service named the item as removed.</summary>
    public void SawGone(string id) => _seen?.Remove(IndexLeaf.KeyOf(id));

    /// <summary>Reads the round to its end.</summary>
    /// <param name="read">The pages from a link on, or from the beginning.</param>
    /// <param name="apply">Applies a page. False keeps the cursor: a cut after this page would lose something.</param>
    /// <param name="missing">Called for stored items that a comparison did not find; the flag says that the item may be there all the same.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task ReadAsync(Func<Uri?, IAsyncEnumerable<DeltaPage>> read, Func<DeltaPage, Task<bool>> apply, Func<string, bool, Task> missing, CancellationToken cancellationToken)
    {
        Uri? link = State.Link is { } stored && !run.Full ? new Uri(stored) : null;
        var uncertain = false;
        _seen = link is null && await AnyAsync(cancellationToken).ConfigureAwait(false) ? [] : null;
        while (true)
        {
            try
            {
                await foreach (var page in read(link).ConfigureAwait(false))
                {
                    var complete = await apply(page).ConfigureAwait(false);
                    if (page.DeltaLink is not null && _seen is not null)
                        await CompareAsync(id => missing(id, uncertain), cancellationToken).ConfigureAwait(false);

                    // A comparison counts only as a whole: a cut before its end begins it again, or its removals were lost.
                    if (complete && (page.DeltaLink is not null || _seen is null))
                        await run.Store.ChangeStateAsync(_ => State.Link = (page.NextLink ?? page.DeltaLink)?.ToString(), cancellationToken).ConfigureAwait(false);
                }

                return;
            }
            catch (GraphException exception) when (exception.Kind == GraphErrorKind.ResyncRequired && _seen is null)
            {
                run.Note(Texts.Get("CursorExpired", run.Source.Kind, run.Source.Name));
                (link, _seen) = (exception.Restart, []);
                uncertain = string.Equals(exception.Code, MayBeThere, StringComparison.OrdinalIgnoreCase);
            }
        }
    }

    private async Task<bool> AnyAsync(CancellationToken cancellationToken)
    {
        await foreach (var _ in run.Store.ItemsOfAsync(folder, folders: true, cancellationToken).ConfigureAwait(false))
            return true;
        return false;
    }

    private async Task CompareAsync(Func<string, Task> missing, CancellationToken cancellationToken)
    {
        var pending = new Stack<string>([folder]);
        while (pending.TryPop(out var current))
        {
            await foreach (var id in run.Store.ItemsOfAsync(current, folders: true, cancellationToken).ConfigureAwait(false))
            {
                if (!_seen!.Contains(IndexLeaf.KeyOf(id)))
                    await missing(id).ConfigureAwait(false);
                if (await run.Store.FindAsync(id, cancellationToken).ConfigureAwait(false) is { IsFolder: true })
                    pending.Push(id);
            }
        }
    }
}
