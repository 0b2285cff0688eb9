using KlarKonform.Backup.Engine.Snapshots;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>What a tenant was found to have when a run began.</summary>
/// <param name="Sources">The resources to back up.</param>
/// <param name="Known">Ids of users, sites and drives that are there.</param>
/// <param name="SitesListed">Whether the tenant's sites were listed: otherwise nobody knows which are gone.</param>
/// <param name="UsersListed">Whether the tenant's users were listed to the last one: otherwise nobody knows which are gone.</param>
internal sealed record TenantInventory(IReadOnlyList<IResourceSource> Sources, IReadOnlySet<string> Known, bool SitesListed, bool UsersListed = true)
{
    /// <summary>The code of a failure that says: it is in the tenant and was backed up, and the patterns no longer take it.</summary>
    public const string NotSelectedCode = "NotSelected";

    /// <summary>What makes the selection doubtful, in the user's language: patterns that match nothing. Each makes a run Partial.</summary>
    public IReadOnlyList<string> Doubts { get; init; } = [];

    /// <summary>Resources that are there and that the configuration's patterns leave out, whatever narrows this one run.</summary>
    public IReadOnlyList<UnselectedResource> Unselected { get; init; } = [];

    /// <summary>
    /// Resources of earlier runs that are still there and that the patterns no longer take: their backup has ended without anybody having said so. As
    /// failures, which an admin can accept.
    /// </summary>
    /// <param name="previous">What the previous snapshot's manifest names.</param>
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
        [.. Dropped(previous).Select(each => each with { AcceptedReason = configuration.AcceptedFailures?.FirstOrDefault(accepted => accepted.Covers(each))?.Reason })];

    /// <summary>The same by the results of earlier runs, which have no ids: for a check that opens no repository.</summary>
    public IEnumerable<ItemFailure> Dropped(IEnumerable<ResourceResult> previous)
    {
        var before = previous.Where(each => each.ItemsStored is not null && !each.Skipped).Select(each => (each.Kind, each.Name.ToUpperInvariant())).ToHashSet();
        return Unselected.Where(each => before.Contains((each.Kind, each.Name.ToUpperInvariant()))).Select(each => FailureOf(each.Kind, each.Id, each.Name));
    }

    private static ItemFailure FailureOf(string kind, string id, string name) => new()
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
