using System.IO.Enumeration;
using KlarKonform.Backup.Engine.Snapshots;

namespace KlarKonform.Backup.Engine.Browsing.Search;

/// <summary>Whether an item matches a query.</summary>
internal sealed class ItemMatcher(ItemQuery query)
{
    /// <summary>Whether anything below a folder may match, judging by its path alone.</summary>
    /// <param name="parts">The folder's path.</param>
    public bool MayHold(IReadOnlyList<string> parts)
    {
        if (parts.Count == 0)
            return true;
        if (query.Resource is { } resource && parts.Count > 1 && SnapshotLayout.NamesItsResources(parts[0]) && !Matches(resource, parts[1]))
            return false;
        if (query.Sources.Count == 0)
            return true;
        return parts[0] switch
        {
            SnapshotLayout.Exchange when parts.Count < 3 => query.Sources.Any(source =>
                Is(source, ResourceKinds.Mail) || Is(source, ResourceKinds.Calendar) || Is(source, ResourceKinds.Contacts)
            ),
            _ => query.Sources.Any(source => Is(source, SnapshotLayout.PlaceOf(parts).Kind)),
        };
    }

    /// <summary>Whether an item matches.</summary>
    public bool Matches(ItemSummary item, IReadOnlyList<string> folder, bool isDeleted)
    {
        if (item.Type == ItemSummary.Folder && !query.IncludeFolders)
            return false;
        if (query.Name is { } name && !Matches(name, item.Name))
            return false;
        if (
            (query.Subject is { } subject && !Matches(subject, item.Subject))
            || (query.From is { } from && !Matches(from, item.From))
            || (query.To is { } to && !Matches(to, item.To))
        )
            return false;
        if (item.Time < query.After || item.Time > query.Before)
            return false;
        if (
            (query.MinimumSize is { } minimum && (item.Subtree is not null || item.Size < minimum))
            || (query.MaximumSize is { } maximum && (item.Subtree is not null || item.Size > maximum))
        )
            return false;
        if (query.Deleted is { } deleted && deleted != isDeleted)
            return false;
        var (source, resource, _) = SnapshotLayout.PlaceOf([.. folder, item.Name]);
        if (query.Sources.Count > 0 && !query.Sources.Any(wanted => Is(wanted, source)))
            return false;
        return query.Resource is not { } pattern || Matches(pattern, resource);
    }

    private static bool Matches(string wanted, string? value)
    {
        if (value is null)
            return false;
        return wanted.AsSpan().IndexOfAny('*', '?') >= 0
            ? FileSystemName.MatchesSimpleExpression(wanted, value)
            : value.Contains(wanted, StringComparison.OrdinalIgnoreCase);
    }

    private static bool Is(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
