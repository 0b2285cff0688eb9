namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>
/// Stands between a comparison and what it would remove. A listing that came back empty, or lost more than half of what existed, is more
/// likely an incomplete response than an empty folder: the items are requested one by one, and those not requested wait. If fewer are
/// missing, a sample is requested: one that still exists proves that the listing was incomplete.
/// </summary>
/// <param name="run">The run; it records what waits as a failure.</param>
/// <param name="samples">Whether to check a sample even if the comparison is plausible.</param>
internal sealed class RemovalGuard(ResourceBackup run, bool samples = true)
{
    // In a part with fewer items than this, more than half may be gone, unless all are.
    private const int Few = 100;

    // Requests for one part in one run; with -Full there is no limit.
    private const int MaxAsked = 1_000;

    // And this many when nothing speaks against the listing: one that exists proves that it was incomplete.
    private const int MaxSample = 100;

    /// <summary>Which of the items that a comparison did not find are gone.</summary>
    /// <param name="part">The part's key; what waits is recorded as its failure.</param>
    /// <param name="name">The part's name, for display.</param>
    /// <param name="stored">How many items of it are stored.</param>
    /// <param name="listed">How many of them the comparison found.</param>
    /// <param name="missing">Those it did not find.</param>
    /// <param name="isThere">Asks the source whether an item exists.</param>
    /// <param name="cancellationToken">Cancels the requests.</param>
    public async Task<IReadOnlyList<string>> BelieveAsync(
        string part,
        string name,
        long stored,
        long listed,
        IReadOnlyList<string> missing,
        Func<string, CancellationToken, Task<bool>> isThere,
        CancellationToken cancellationToken
    )
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
                if (await isThere(id, cancellationToken))
                    present++;
                else
                    gone.Add(id);
            }
            catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
            {
                present++; // Unknown: it stays.
            }
        }

        // No more than someone may delete at a time, and every requested item is gone: so the rest is too.
        if (isPlausible && present == 0)
            return missing;
        if (gone.Count < missing.Count)
        {
            await run.FailAsync(
                part,
                "",
                name,
                new ItemProblem(
                    "RemovalsWait",
                    Texts.Get("RemovalsWait", name, missing.Count, stored, present, missing.Count - gone.Count),
                    "HintRemovalsWait"
                )
                {
                    Level = FailureLevel.Part,
                },
                cancellationToken
            );
        }

        return gone;
    }
}
