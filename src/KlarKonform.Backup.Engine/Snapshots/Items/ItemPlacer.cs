using System.Globalization;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Trees;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// Puts items into a resource's content: takes out what is there of them, finds a free name, and attaches them with their parts. Used under
/// the store's lock.
/// </summary>
internal sealed class ItemPlacer(ResourceTrees trees, TimeProvider time)
{
    private readonly HashSet<string> _moved = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ItemEntry> _preferredNames = new(StringComparer.Ordinal);

    /// <summary>Whether the older of two answers about an item may come last; then the newer one counts.</summary>
    public bool AnswersMayCross { get; set; }

    /// <summary>The items whose name was taken when they arrived, as they were given.</summary>
    public IReadOnlyCollection<ItemEntry> PreferredNames => [.. _preferredNames.Values];

    /// <summary>Whether the item changed its folder in this run, according to one answer or to several that disagree.</summary>
    public bool HasMoved(string id) => _moved.Contains(id);

    /// <summary>Stores an item under a folder: new, changed, moved or renamed.</summary>
    /// <param name="entry">The item; its name is the preferred one.</param>
    /// <param name="content">The files to store, or null to keep the existing ones.</param>
    /// <param name="attribute">New metadata, or null to keep the existing.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<PutResult> PutAsync(ItemEntry entry, ItemContent? content, byte[]? attribute, CancellationToken cancellationToken)
    {
        if (await trees.Places.PathAsync(entry.Parent, cancellationToken) is not { } path)
            return PutResult.ParentUnknown;
        var old = await trees.Index.FindAsync(entry.Id, cancellationToken);
        if (
            entry.IsFolder
            && old is not null
            && path.Count > 0
            && await trees.Places.IsBelowAsync(entry.Parent, entry.Id, cancellationToken)
        )
            return PutResult.ParentUnknown; // A folder inside itself: the other half of the move has not arrived yet.
        if (old is not null && await IsOlderAsync(entry, old, attribute, cancellationToken))
            return PutResult.OlderThanStored;
        var present = old is null ? TakenOut.Nothing : await TakeOutAsync(old, cancellationToken);
        var target = await trees.Content.GetOrCreateAsync(entry.Sub is null ? path : path.Append(entry.Sub), cancellationToken);
        if (present.Node is { } node && node.IsDirectory != entry.IsFolder)
            present = present with { Node = null, Loaded = null }; // What was a file is a folder now, or vice versa.
        if (content is null && present.Node is null && !entry.IsFolder)
        {
            // In the index but not in the tree: treated as never stored.
            if (old is not null)
                trees.Count(old, -1);
            trees.Index.Remove(entry.Id);
            return PutResult.ContentMissing;
        }

        // The root's folder of deleted items is ours.
        var isReserved = path.Count == 0 && entry.Sub is null && DeletedItems.IsReserved(entry.Name);
        var placed = entry with { Name = isReserved || !target.IsFree(entry.Name) ? FreeName(target, entry) : entry.Name };
        var stored = content?.Node ?? present.Node ?? Node.NewDirectory(placed.Name, default, time.GetUtcNow());
        if (attribute is not null)
            stored = stored with { ExtendedAttributes = [new ExtendedAttribute(ItemMetadata.Attribute, attribute)] };
        if (entry.IsFolder && present.Node is null)
            target.Create(stored with { Name = placed.Name });
        else
            target.Attach(stored with { Name = placed.Name }, present.Loaded);
        if (placed.Name == entry.Name || isReserved)
            _preferredNames.Remove(entry.Id);
        else
            _preferredNames[entry.Id] = entry;
        trees.Index.Set(placed with { Parts = SetParts(target, placed, content?.Parts ?? present.Parts) });
        if (!entry.IsFolder)
        {
            trees.Count(entry, 1);
            if (old is not null)
                trees.Count(old, -1);
        }

        return PutResult.Stored;
    }

    /// <summary>Releases the memory.</summary>
    public void Release()
    {
        _moved.Clear();
        _preferredNames.Clear();
    }

    // If two folders are read concurrently and an item moves from one to the other between their answers, the older answer, applied last,
    // would put it back where it no longer is. Items that changed their folder are recorded, because two moves may happen within one
    // second.
    private async Task<bool> IsOlderAsync(ItemEntry entry, ItemEntry old, byte[]? attribute, CancellationToken cancellationToken)
    {
        if (!AnswersMayCross || entry.IsFolder || old.Parent == entry.Parent)
            return false;
        _moved.Add(old.Id);
        var stored = (await trees.Places.DirectoryAsync(old, cancellationToken))?.Find(old.Name)?.Attribute(ItemMetadata.Attribute);
        return ItemMetadata.ModifiedOf(attribute) < ItemMetadata.ModifiedOf(stored);
    }

    private async Task<TakenOut> TakeOutAsync(ItemEntry entry, CancellationToken cancellationToken)
    {
        if (await trees.Places.DirectoryAsync(entry, cancellationToken) is not { } directory)
            return TakenOut.Nothing;
        var taken = TakenOut.Of(directory, entry);
        await trees.Places.RemoveEmptySubAsync(directory, entry, cancellationToken);
        return taken;
    }

    // A user's own file may have exactly the name that the mark would give.
    private static string FreeName(WorkingDirectory target, ItemEntry entry)
    {
        var name = SafeName.WithMark(entry.Name, entry.Id);
        for (var number = 2; !target.IsFree(name); number++)
            name = SafeName.WithMark(entry.Name, string.Create(CultureInfo.InvariantCulture, $"{entry.Id} {number}"));
        return name;
    }

    // A user's own file may have exactly the name that a part would take.
    private static List<string>? SetParts(WorkingDirectory target, ItemEntry placed, IReadOnlyList<(string Suffix, Node Node)> parts)
    {
        var suffixes = new List<string>();
        foreach (var (preferred, part) in parts)
        {
            var suffix = preferred;
            while (!target.IsFree(placed.PartName(suffix)))
                suffix = "_" + suffix;
            target.Set(part with { Name = placed.PartName(suffix) });
            suffixes.Add(suffix);
        }

        return suffixes.Count > 0 ? suffixes : null;
    }
}
