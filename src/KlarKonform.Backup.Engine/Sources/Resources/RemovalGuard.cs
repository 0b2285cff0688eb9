namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// Stands between a comparison and what it would remove. A listing that came back empty, or lost more than half of what was there, is
/// more likely a short answer than an empty folder: the items are asked for one by one, and those nobody asked for wait. Of fewer a sample is
/// asked for: one that is there proves that the listing was short.
/// </summary>
/// <param name="run">The run; what waits is its failure.</param>
/// <param name="samples">Whether what a plausible comparison lacks is asked for, too.</param>
internal sealed class RemovalGuard(ResourceBackup run, bool samples = true)
{
    // Of fewer than these more than half may be gone, unless all are.
    private const int Few = 100;

    // Questions for one part in one run; with -Full there is no limit.
    private const int MaxAsked = 1_000;

    // And so many when nothing speaks against the listing: one that is there proves that it was short.
    private const int MaxSample = 100;

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
        if (missing.Count == 0)
            return missing;
        var isPlausible = listed > 0 && (stored <= Few || missing.Count * 2 <= stored);
        if (isPlausible && !samples)
            return missing;
        var gone = new List<string>();
        var present = 0;
        foreach (var id in run.Full && !isPlausible ? missing : missing.Take(isPlausible ? MaxSample : MaxAsked))
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

        // As many as one deletes at a time, and every one that was asked for is gone: the rest is, too.
        if (isPlausible && present == 0)
            return missing;
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
