using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Drift;

namespace KlarKonform.Backup.Drift;

/// <summary>Compares a snapshot with the tenant, item by item, and reports instead of asserting.</summary>
/// <param name="expected">What the tenant holds.</param>
/// <param name="stored">What the snapshot holds.</param>
internal sealed class DriftComparison(IReadOnlyList<DriftItem> expected, IReadOnlyList<DriftStored> stored)
{
    private static readonly HashSet<string> s_ours = new(StringComparer.Ordinal) { "lists", "pages" };

    /// <summary>Every difference, known or not.</summary>
    public IReadOnlyList<string> Differences() =>
        [
            .. Pairs()
                .Select(pair => pair.Differences.Count == 0 ? null : $"{pair.Name}: {string.Join("; ", pair.Differences)}")
                .OfType<string>(),
        ];

    /// <summary>Differences that neither an alteration nor a failure explains.</summary>
    /// <param name="record">What was altered.</param>
    /// <param name="failures">What the run reports as not in the backup.</param>
    public IReadOnlyList<DriftFinding> Findings(DriftRecord record, IReadOnlyCollection<ItemFailure> failures)
    {
        var (items, parts) = (record.Items, record.Parts);
        var named = failures.ToLookup(failure => (failure.Kind, failure.ItemId));
        var findings = new List<DriftFinding>();
        foreach (var (item, present, name, differences) in Pairs())
        {
            if (differences.Count == 0 || item.Covers.Any(key => named[(item.Kind, key)].Any(failure => IsOf(failure, item))))
                continue;
            var touched = items.Contains(item.Target) || item.Others.Any(items.Contains);
            if (touched && present is not null && IsAsArrived(item, present, record))
                continue;

            // A system list that is not marked as one is a list like any other.
            if (
                present is not null
                && items.Any(id =>
                    id.StartsWith("system-", StringComparison.Ordinal) && present.Id.StartsWith($"list:{id}", StringComparison.Ordinal)
                )
            )
                continue;
            // If an entry named no user, it is unknown whose it is: the report that a user exists covers everything of that user.
            if (
                failures.Any(failure => failure.ItemId == "resource" && failure.Resource == failure.Kind && item.Within.Any(items.Contains))
            )
                continue;
            touched |= item.Within.Any(id => items.Contains(id) || parts.Contains(id));
            findings.Add(new DriftFinding(touched ? DriftLoss.Silent : DriftLoss.Untouched, name, string.Join("; ", differences)));
        }

        return findings;
    }

    // A resource whose name did not arrive is known by its id.
    public static bool IsOf(ItemFailure failure, DriftItem item) =>
        failure.Resource == item.Resource
        || item.Within.Any(id => failure.Resource.EndsWith(id[(id.LastIndexOf(',') + 1)..], StringComparison.Ordinal));

    private IEnumerable<(DriftItem Item, DriftStored? Present, string Name, IReadOnlyList<string> Differences)> Pairs()
    {
        var wanted = expected.ToLookup(item => (item.Kind, item.Id));
        var byId = stored.ToLookup(item => (KindOf(item), item.Id));
        foreach (var item in expected)
        {
            var present = byId[(item.Kind, item.Id)].ToArray();
            yield return (
                item,
                present.FirstOrDefault(),
                item.ToString(),
                present.Length switch
                {
                    0 => ["missing"],
                    1 => [.. Differences(item, present[0])],
                    _ => ["twice: " + string.Join(", ", present.Select(each => each.Path))],
                }
            );
        }

        foreach (var extra in stored.Where(item => !wanted.Contains((KindOf(item), item.Id)) && !s_ours.Contains(item.Type)))
            yield return (Unexpected(extra), extra, extra.Path, [$"is not in the tenant any more ({extra.Id})"]);
    }

    // What exists and should not is attributed to its folder.
    private DriftItem Unexpected(DriftStored extra)
    {
        var kind = KindOf(extra);

        // The directory's folders are created by the product and have no ids: if the last entry of one is gone, only its path shows the
        // part.
        if (kind == "Directory")
        {
            var part = extra.Path.Split('/')[2];
            return new DriftItem(
                kind,
                expected.First(item => item.Kind == kind).Resource,
                extra.Id,
                "",
                extra.Id,
                [part.ToLowerInvariant()],
                [extra.Id, "folder:" + part]
            );
        }

        var folder = expected.FirstOrDefault(item => item.Kind == kind && item.Id == extra.Parent);
        var sibling =
            folder
            ?? expected.FirstOrDefault(item => item.Kind == kind && item.Parent == extra.Parent && RootMatches(item, extra))
            ?? expected.FirstOrDefault(item => item.Kind == kind && RootMatches(item, extra));
        var id = extra.Type == "listItem" ? extra.Id["list:".Length..] : extra.Id[(extra.Id.LastIndexOf('/') + 1)..];
        return new DriftItem(
            kind,
            sibling?.Resource ?? "",
            extra.Id,
            extra.Parent,
            id,
            folder is null ? sibling?.Within ?? [] : [folder.Target, .. folder.Within],
            [
                extra.Id,
                extra.Parent,
                .. folder is null
                    ? sibling?.Covers.Skip(1) ?? []
                    : folder.Covers.Append("folder:" + folder.Id).Append("count:" + folder.Id),
            ]
        );
    }

    private static bool RootMatches(DriftItem item, DriftStored extra) =>
        item.Kind == "Directory"
        || extra.Root.Contains(item.Resource, StringComparison.Ordinal)
        || (item.Kind == "SharePoint" && item.Resource.EndsWith(extra.Root[(extra.Root.LastIndexOf('/') + 1)..], StringComparison.Ordinal));

    private static string KindOf(DriftStored item) => item.Root.Split('/') is var parts && parts[1] == "Exchange" ? parts[^1] : parts[1];

    private static IEnumerable<string> Differences(DriftItem item, DriftStored present)
    {
        if (item.Parent != present.Parent)
            yield return $"lies in '{present.Parent}' instead of '{item.Parent}'";
        foreach (var (name, was, wanted) in Changed(item.Properties, present.Properties))
            yield return $"{name} is {Short(was)} instead of {Short(wanted)}";
        if (!item.Contents.SequenceEqual(present.Contents))
            yield return $"contents are {Hashes(present.Contents)} instead of {Hashes(item.Contents)}";
    }

    private static IEnumerable<(string Name, string? Present, string? Wanted)> Changed(JsonObject wanted, JsonObject present)
    {
        foreach (var name in wanted.Select(pair => pair.Key).Union(present.Select(pair => pair.Key)))
        {
            var (first, second) = (Value(wanted, name), Value(present, name));
            if (first != second && !IsOfOurs(name, first, second))
                yield return (name, second, first);
        }
    }

    // A folder next to one of the same name has a mark; a folder's own child count changes without being reported.
    private static bool IsOfOurs(string name, string? wanted, string? present) =>
        name switch
        {
            "node" => wanted is not null && present is not null && present.StartsWith(wanted[..^1] + " [", StringComparison.Ordinal),
            "folder" => wanted is not null && present is not null,
            _ => false,
        };

    private static string? Value(JsonObject properties, string name) =>
        properties.TryGetPropertyValue(name, out var value) ? DriftJson.Text(value) : null;

    // Every property that differs is as some answer contained it; and the contents are what was sent.
    private static bool IsAsArrived(DriftItem item, DriftStored present, DriftRecord record)
    {
        var forms = item.Others.Prepend(item.Target).SelectMany(record.ArrivedOf).Select(DriftJson.Of).ToArray();
        var contents = record.ContentsOf(item.Target);
        foreach (var (name, was, _) in Changed(item.Properties, present.Properties))
        {
            if (
                !forms.Any(form =>
                    name switch
                    {
                        "columns" => form.Count > 0,
                        "node" => Value(form, "name") is var given
                            && Value(form, "displayName") is var shown
                            && (given == null || shown == null || given[^1] != '"' || shown[^1] != '"' || given != shown),
                        // For an entry of the address book, what is not reported has not changed.
                        _ => Value(form, name) == was || (item.Kind == "Directory" && Value(form, name) is null),
                    }
                )
            )
                return false;
        }

        // The eTag shows whether there are versions, a facet whether there are permissions.
        var derived = forms.Any(form =>
            Value(form, "eTag") != Value(item.Properties, "eTag") || Value(form, "shared") != Value(item.Properties, "shared")
        );
        if (
            present.Parent != item.Parent
            && !forms.Any(form =>
                (form["parentFolderId"] ?? form["parentReference"]?["id"])?.ToString() is var parent
                && !item.Parent.EndsWith(parent ?? "?", StringComparison.Ordinal)
            )
        )
            return false;
        return (item.Kind == "Directory" && forms.Length > 0)
            || (
                item.Contents.SequenceEqual(present.Contents)
                || (
                    present.Contents.Count == item.Contents.Count
                    && present
                        .Contents.Except(item.Contents)
                        .All(each => contents.Contains(each) || (derived && each.Contains(' ', StringComparison.Ordinal)))
                )
            );
    }

    private static string Short(string? text) =>
        text is null ? "missing"
        : text.Length > 80 ? text[..80] + "…"
        : text;

    private static string Hashes(IEnumerable<string> contents) =>
        $"[{string.Join(", ", contents.Select(each => each.Length == 64 ? each[..8] : each))}]";
}
