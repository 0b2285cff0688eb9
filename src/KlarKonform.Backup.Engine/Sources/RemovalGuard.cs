using KlarKonform.Backup.Engine.Runs;

namespace KlarKonform.Backup.Engine.Sources;

/// <summary>
/// Stands between a comparison and what it would remove. A listing that came back empty, or lost more than half of what was there, is
/// more likely a short answer than an empty folder: the items are asked for one by one, and those nobody asked for wait.
/// </summary>
internal sealed class RemovalGuard(ResourceRun run)
{
    // Fewer than these are believed to be gone, unless all are.
    private const int Few = 100;

    // Questions for one part in one run; with -Full there is no limit.
    private const int MaxAsked = 1_000;

    /// <summary>Which of the items that a comparison did not find are gone.</summary>
    /// <param name="part">The part's key; what waits is its failure.</param>
    /// <param name="name">The part's name, for people.</param>
    /// <param name="stored">How many items of it are stored.</param>
    /// <param name="listed">How many the comparison found.</param>
    /// <param name="missing">Those it did not find.</param>
    /// <param name="isThere">Asks the source for an item.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    public async Task<IReadOnlyList<string>> BelieveAsync(
        string part, string name, long stored, long listed, IReadOnlyList<string> missing, Func<string, CancellationToken, Task<bool>> isThere, CancellationToken cancellationToken)
    {
        if (missing.Count == 0 || (listed > 0 && (stored <= Few || missing.Count * 2 <= stored)))
            return missing;
        var gone = new List<string>();
        var present = 0;
        foreach (var id in run.Full ? missing : missing.Take(MaxAsked))
        {
            try
            {
                if (await isThere(id, cancellationToken).ConfigureAwait(false))
                    present++;
                else
                    gone.Add(id);
            }
            catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
            {
                present++; // Nobody knows: it stays.
            }
        }

        if (gone.Count < missing.Count)
        {
            await run.FailAsync(part, "", name, new ItemProblem("RemovalsWait", Texts.Get("RemovalsWait", name, missing.Count, stored, present, missing.Count - gone.Count), "HintRemovalsWait")
            {
                Level = FailureLevel.Part,
            }, cancellationToken).ConfigureAwait(false);
        }

        return gone;
    }
}
