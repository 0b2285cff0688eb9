using KlarKonform.Backup.Engine.Snapshots.Trees;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// Where a resource's items are in its content tree. Paths are never stored: renaming a folder changes one entry, not those of everything
/// below it. Used under the lock of <see cref="ResourceStore"/>.
/// </summary>
internal sealed class ItemPlaces(ItemIndex index, WorkingTree content, Func<string?> rootId)
{
    private const int MaxDepth = 1000;

    /// <summary>The names from the root to a folder, or null when it is unknown.</summary>
    public async Task<List<string>?> PathAsync(string folder, CancellationToken cancellationToken)
    {
        var path = new List<string>();
        while (folder.Length > 0 && folder != rootId())
        {
            if (await index.FindAsync(folder, cancellationToken) is not { IsFolder: true } entry || path.Count > MaxDepth)
                return null;
            path.Add(entry.Name);
            folder = entry.Parent;
        }

        path.Reverse();
        return path;
    }

    /// <summary>The directory that contains an item, or null.</summary>
    public async Task<WorkingDirectory?> DirectoryAsync(ItemEntry entry, CancellationToken cancellationToken) =>
        await PathAsync(entry.Parent, cancellationToken) is { } path
            ? await content.FindAsync(entry.Sub is null ? path : path.Append(entry.Sub), cancellationToken)
            : null;

    /// <summary>The folders above an item with their metadata, starting at the root.</summary>
    public async Task<List<(string Name, byte[]? Metadata)>> FoldersAsync(ItemEntry entry, CancellationToken cancellationToken)
    {
        var folders = new List<(string Name, byte[]? Metadata)>();
        var current = await content.RootAsync(cancellationToken);
        foreach (var name in (await PathAsync(entry.Parent, cancellationToken))!)
        {
            folders.Add((name, current?.Find(name)?.Attribute(ItemMetadata.Attribute)));
            current = current is null ? null : await content.OpenAsync(current, name, cancellationToken);
        }

        if (entry.Sub is not null)
            folders.Add((entry.Sub, null));
        return folders;
    }

    /// <summary>Whether a folder is another one, or below it.</summary>
    public async Task<bool> IsBelowAsync(string folder, string ancestor, CancellationToken cancellationToken)
    {
        while (folder.Length > 0 && folder != rootId())
        {
            if (folder == ancestor)
                return true;
            if (await index.FindAsync(folder, cancellationToken) is not { } entry)
                return false;
            folder = entry.Parent;
        }

        return false;
    }

    /// <summary>Removes the sub-folder (a month) that contained an item, once it is empty.</summary>
    public async Task RemoveEmptySubAsync(WorkingDirectory directory, ItemEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Sub is not null && directory.Count == 0 && await PathAsync(entry.Parent, cancellationToken) is { } folder)
            (await content.FindAsync(folder, cancellationToken))?.Remove(entry.Sub);
    }
}
