using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Graph.Delta;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>What a page of a folder comes to: an id may be on it several times. Valid as long as the page.</summary>
internal sealed class PageEntries
{
    private readonly Dictionary<string, List<JsonElement>> _present = new(StringComparer.Ordinal);
    private readonly HashSet<string> _removed = new(StringComparer.Ordinal);

    /// <summary>Goes through a page. The last entry with an id wins, except where each contains a part.</summary>
    public PageEntries(DeltaPage page, IFolderedItems items)
    {
        foreach (var item in page.Items)
        {
            var id = item.Text("id");
            if (item.TryGetProperty("@removed", out _))
            {
                _present.Remove(id);
                _removed.Add(id);
                continue;
            }

            _removed.Remove(id);
            if (items.EntriesAddUp && _present.TryGetValue(id, out var parts))
                parts.Add(item);
            else
                _present[id] = [item];
        }
    }

    /// <summary>The ids of the items that are there.</summary>
    public IReadOnlyCollection<string> Ids => _present.Keys;

    /// <summary>The entries of the items that are there.</summary>
    public IReadOnlyList<SourceItem> Items => [.. _present.SelectMany(pair => pair.Value.Select(item => new SourceItem(pair.Key, item)))];

    /// <summary>The ids of the items that the folder no longer has.</summary>
    public IReadOnlyCollection<string> Removed => _removed;
}
