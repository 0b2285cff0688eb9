using KlarKonform.Backup.Engine.Journal;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>
/// What is not in the backup, according to the newest snapshot and the last run: each failure once, with the reason if it was accepted.
/// </summary>
internal sealed class Missing
{
    // How many to name in a status line; a table has no room for more.
    private const int MaxNamed = 1;

    private readonly ItemFailure[] _open;

    private Missing(IReadOnlyList<ItemFailure> all)
    {
        All = all;
        _open = [.. all.Where(failure => failure.AcceptedReason is null)];
    }

    /// <summary>All failures, including accepted ones.</summary>
    public IReadOnlyList<ItemFailure> All { get; }

    /// <summary>Number of failures that are not accepted.</summary>
    public int Open => _open.Length;

    /// <summary>Number of failures that are accepted.</summary>
    public int Accepted => All.Count - _open.Length;

    /// <summary>Combines what a snapshot reports as missing with what a run reports as failed.</summary>
    /// <param name="configuration">The configuration whose acceptances count.</param>
    /// <param name="retryList">The newest snapshot's list.</param>
    /// <param name="failures">Failures of the last run, if it is not the run of the snapshot.</param>
    /// <param name="resources">Resources of the last run.</param>
    public static Missing Of(
        BackupConfiguration configuration,
        IEnumerable<ItemFailure> retryList,
        IEnumerable<ItemFailure> failures,
        IEnumerable<ResourceResult> resources
    )
    {
        var all = new Dictionary<(string, string, string), ItemFailure>();
        foreach (var failure in failures.Concat(retryList))
            all.TryAdd((failure.Kind, failure.Resource, failure.ItemId), failure);

        // A resource that failed and is not listed as a failure of its own. What a killed run had not reached is in the backup as before.
        var named = all
            .Values.Where(failure => failure.Level == FailureLevel.Resource)
            .Select(failure => (failure.Kind, failure.Resource))
            .ToHashSet();
        foreach (
            var resource in resources.Where(each =>
                each is { Status: BackupState.Failed, Code: not RunJournal.Interrupted } && !named.Contains((each.Kind, each.Name))
            )
        )
            all.TryAdd((resource.Kind, resource.Name, ""), OfResource(resource));
        var accepted = configuration.AcceptedFailures ?? [];
        return new Missing([
            .. all.Values.Select(failure =>
                failure with
                {
                    Configuration = configuration.Name,

                    // The configuration decides: an acceptance that was revoked no longer counts.
                    AcceptedReason = accepted.FirstOrDefault(each => each.Covers(failure))?.Reason,
                }
            ),
        ]);
    }

    /// <summary>Why a run with this result is not Succeeded; null if there is nothing to say.</summary>
    public string? Reason(BackupState state, string? error)
    {
        var parts = new List<string>();
        if (state is BackupState.Partial or BackupState.Failed && error is { Length: > 0 })
            parts.Add(error);
        if (Open > 0)
        {
            var levels = _open
                .GroupBy(failure => failure.Level)
                .OrderByDescending(group => Weight(group.Key))
                .Select(group => Texts.Get("Status_Level_" + group.Key, group.Count()));
            var first = _open
                .OrderByDescending(failure => Weight(failure.Level))
                .Take(MaxNamed)
                .Select(failure => $"{failure.Name} ({failure.Code})");
            parts.Add(Texts.Get("Status_NotBackedUp", string.Join(", ", levels), string.Join(", ", first)));
        }

        return parts.Count > 0 ? string.Join(' ', parts) : null;
    }

    private static ItemFailure OfResource(ResourceResult resource) =>
        new()
        {
            Kind = resource.Kind,
            Resource = resource.Name,
            ItemId = "",
            Level = FailureLevel.Resource,
            Name = resource.Name,
            Code = resource.Code ?? "",
            Message = resource.Message ?? "",
            Hint = resource.Message ?? "",
        };

    private static int Weight(FailureLevel level) =>
        level switch
        {
            FailureLevel.Resource => 3,
            FailureLevel.Part => 2,
            FailureLevel.Item => 1,
            _ => 0,
        };
}
