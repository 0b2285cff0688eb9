using KlarKonform.Backup.Engine.Snapshots;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>What a tenant contained when a run began.</summary>
/// <param name="Sources">The resources to back up.</param>
/// <param name="Known">Ids of users, sites and drives that exist.</param>
/// <param name="SitesListed">Whether the tenant's sites were listed: otherwise it is unknown which no longer exist.</param>
/// <param name="UsersListed">Whether all of the tenant's users were listed: otherwise it is unknown which no longer exist.</param>
internal sealed record TenantInventory(
    IReadOnlyList<IResourceSource> Sources,
    IReadOnlySet<string> Known,
    bool SitesListed,
    bool UsersListed = true
)
{
    /// <summary>The code of a failure that means: it is in the tenant and was backed up, but the patterns no longer select it.</summary>
    public const string NotSelectedCode = "NotSelected";

    /// <summary>What makes the selection doubtful, in the user's language: patterns that match nothing. Each makes a run Partial.</summary>
    public IReadOnlyList<string> Doubts { get; init; } = [];

    /// <summary>Resources that exist but are excluded by the configuration's patterns, regardless of what restricts this one run.</summary>
    public IReadOnlyList<UnselectedResource> Unselected { get; init; } = [];

    /// <summary>
    /// Resources of earlier runs that still exist but are no longer selected by the patterns: their backup has ended although no one said
    /// so. Returned as failures, which an admin can accept.
    /// </summary>
    /// <param name="previous">The resources in the previous snapshot's manifest.</param>
    public IEnumerable<ItemFailure> Dropped(IEnumerable<ManifestResource> previous)
    {
        var left = Unselected.DistinctBy(each => (each.Kind, each.Id)).ToDictionary(each => (each.Kind, each.Id), each => each.Name);
        foreach (var resource in previous)
        {
            if (resource.Completed is not null && left.TryGetValue((resource.Kind, resource.Id), out var name))
                yield return FailureOf(resource.Kind, resource.Id, name);
        }
    }

    /// <summary>The same, with the reasons for which an admin accepted them.</summary>
    public IReadOnlyList<ItemFailure> Dropped(IEnumerable<ManifestResource> previous, BackupConfiguration configuration) =>
        [
            .. Dropped(previous)
                .Select(each =>
                    each with
                    {
                        AcceptedReason = configuration.AcceptedFailures?.FirstOrDefault(accepted => accepted.Covers(each))?.Reason,
                    }
                ),
        ];

    /// <summary>The same, based on the results of earlier runs, which have no ids: for a check that opens no repository.</summary>
    public IEnumerable<ItemFailure> Dropped(IEnumerable<ResourceResult> previous)
    {
        var before = previous
            .Where(each => each.ItemsStored is not null && !each.Skipped)
            .Select(each => (each.Kind, each.Name.ToUpperInvariant()))
            .ToHashSet();
        return Unselected
            .Where(each => before.Contains((each.Kind, each.Name.ToUpperInvariant())))
            .Select(each => FailureOf(each.Kind, each.Id, each.Name));
    }

    private static ItemFailure FailureOf(string kind, string id, string name) =>
        new()
        {
            Kind = kind,
            Resource = name,
            ItemId = id,
            Level = FailureLevel.Resource,
            IsStored = true,
            Name = name,
            Code = NotSelectedCode,
            Message = Texts.Get("SelectionDropped", kind, name),
            Hint = Texts.Get("SelectionDroppedHint"),
        };
}
