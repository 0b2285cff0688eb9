using KlarKonform.Backup.Engine.Journal;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>What is not in the backup, by the newest snapshot and the last run: every failure once, with the reason if somebody accepted it.</summary>
internal sealed class Missing
{
    // Named in a status line; a table has room for no more.
    private const int MaxNamed = 1;

    private readonly ItemFailure[] _open;

    private Missing(IReadOnlyList<ItemFailure> all)
    {
        All = all;
        _open = [.. all.Where(failure => failure.AcceptedReason is null)];
    }

    /// <summary>All failures, the accepted ones too.</summary>
    public IReadOnlyList<ItemFailure> All { get; }

    /// <summary>Failures that nobody accepted.</summary>
    public int Open => _open.Length;

    /// <summary>Failures that somebody accepted.</summary>
    public int Accepted => All.Count - _open.Length;

    /// <summary>Brings together what a snapshot says is missing and what a run says failed.</summary>
    /// <param name="configuration">Whose acceptances count.</param>
    /// <param name="retryList">The newest snapshot's list.</param>
    /// <param name="failures">Failures of the last run, where it is another one than the snapshot's.</param>
    /// <param name="resources">Resources of the last run.</param>
    public static Missing Of(BackupConfiguration configuration, IEnumerable<ItemFailure> retryList, IEnumerable<ItemFailure> failures, IEnumerable<ResourceResult> resources)
    {
        var all = new Dictionary<(string, string, string), ItemFailure>();
        foreach (var failure in failures.Concat(retryList))
            all.TryAdd((failure.Kind, failure.Resource, failure.ItemId), failure);

        // A resource that failed and is not named as a failure of its own. What a killed run had not come to is in the backup as before.
        var named = all.Values.Where(failure => failure.Level == FailureLevel.Resource).Select(failure => (failure.Kind, failure.Resource)).ToHashSet();
        foreach (var resource in resources.Where(each => each is { Status: BackupState.Failed, Code: not RunJournal.Interrupted } && !named.Contains((each.Kind, each.Name))))
            all.TryAdd((resource.Kind, resource.Name, ""), OfResource(resource));
        var accepted = configuration.AcceptedFailures ?? [];
        return new Missing([.. all.Values.Select(failure => failure with
        {
            Configuration = configuration.Name,

            // The configuration has the last word: an acceptance that was taken back counts no longer.
            AcceptedReason = accepted.FirstOrDefault(each => each.Covers(failure))?.Reason,
        })]);
    }

    /// <summary>Why a run that ended so is not Succeeded; null when there is nothing to say.</summary>
    public string? Reason(BackupState state, string? error)
    {
        var parts = new List<string>();
        if (state is BackupState.Partial or BackupState.Failed && error is { Length: > 0 })
            parts.Add(error);
        if (Open > 0)
        {
            var levels = _open.GroupBy(failure => failure.Level).OrderByDescending(group => Weight(group.Key))
                .Select(group => Texts.Get("Status_Level_" + group.Key, group.Count()));
            var first = _open.OrderByDescending(failure => Weight(failure.Level)).Take(MaxNamed).Select(failure => $"{failure.Name} ({failure.Code})");
            parts.Add(Texts.Get("Status_NotBackedUp", string.Join(", ", levels), string.Join(", ", first)));
        }

        return parts.Count > 0 ? string.Join(' ', parts) : null;
    }

    private static ItemFailure OfResource(ResourceResult resource) => new()
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

    private static int Weight(FailureLevel level) => level switch
    {
        FailureLevel.Resource => 3,
        FailureLevel.Part => 2,
        FailureLevel.Item => 1,
        _ => 0,
    };
}
