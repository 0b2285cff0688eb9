using System.Runtime.CompilerServices;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Trees;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// A resource's content tree with its index and state, changed together under one lock: at any time a consistent checkpoint can be taken
/// from it. Thread-safe.
/// </summary>
internal sealed class ResourceStore : IDisposable
{
    /// <summary>The extended attribute for data that has no place in the content.</summary>
    public const string Attribute = "user.klarkonform";

    private const string StateFile = "state.json";
    private const int CountEvery = 64;

    // A waiting index entry is bytes, a node many objects. Each merge rewrites most leaves of a large index: the fewer merges the better.
    private const int EntriesANode = 12;

    // In proportion to the memory that they use.
    private const int NodesALeaf = 40;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    private readonly WorkingTree _content;
    private readonly WorkingTree _stateTree;
    private readonly ItemIndex _index;
    private readonly ItemPlaces _places;
    private readonly TimeProvider _time;
    private readonly Func<int> _maxLoaded;
    private readonly CancellationToken _abandon;
    private readonly SemaphoreSlim _gate = new(1);
    private int _puts;
    private readonly HashSet<string> _moved = new(StringComparer.Ordinal);
    private readonly PartialFiles _partials;
    private readonly Dictionary<string, ItemEntry> _wishes = new(StringComparer.Ordinal);
    private readonly DeletedItems _deleted;
    private readonly bool _keepsDeleted;

    private ResourceStore(
        WorkingTree content,
        WorkingTree stateTree,
        ResourceState state,
        TimeProvider time,
        Func<int> maxLoaded,
        bool keepsDeleted,
        CancellationToken abandon
    )
    {
        State = state;
        _deleted = new DeletedItems(content, time);
        _keepsDeleted = keepsDeleted;
        _maxLoaded = maxLoaded;
        _abandon = abandon;
        _content = content;
        _stateTree = stateTree;
        _index = new ItemIndex(stateTree, () => maxLoaded() / NodesALeaf);
        _places = new ItemPlaces(_index, content, () => State.RootId);
        _partials = new PartialFiles(stateTree, time);
        _time = time;
    }

    /// <summary>Cursors and unfinished work. To be changed only inside <see cref="ChangeStateAsync"/>.</summary>
    public ResourceState State { get; private set; }

    /// <summary>
    /// Whether folders are read concurrently, so that the older of two answers about an item may be applied last: then the newer one
    /// counts. A single delta of everything has an order of its own.
    /// </summary>
    public bool AnswersMayCross { get; set; }

    /// <summary>Deleted items that this run kept, and those whose retention had expired.</summary>
    public (long Kept, long Expired) Deleted => (_deleted.Kept, _deleted.Expired);

    /// <summary>A change failed half-way: the trees in memory must not be used.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Opens a resource from a snapshot.</summary>
    /// <param name="reader">Reads from the repository.</param>
    /// <param name="writer">Writes to the repository.</param>
    /// <param name="state">The resource's state, as <see cref="ReadStateAsync"/> gives it.</param>
    /// <param name="content">Its content's tree, or null if there is none yet.</param>
    /// <param name="stateRoot">Its state's tree, or null if there is none yet.</param>
    /// <param name="time">Clock.</param>
    /// <param name="maxLoaded">Most nodes to keep in memory (index entries: twelve times as many). Above that, they are saved and
    /// unloaded.</param>
    /// <param name="keepsDeleted">Whether removed items stay below <see cref="DeletedItems.Folder"/>.</param>
    /// <param name="abandon">Cancels even a change in progress: the run was stopped, and the storage does not answer.</param>
    public static ResourceStore Open(
        RepositoryReader reader,
        RepositoryWriter writer,
        ResourceState state,
        BlobId? content,
        BlobId? stateRoot,
        TimeProvider time,
        Func<int> maxLoaded,
        bool keepsDeleted = false,
        CancellationToken abandon = default
    ) =>
        new(
            new WorkingTree(reader, writer, content, time),
            new WorkingTree(reader, writer, stateRoot, time),
            state,
            time,
            maxLoaded,
            keepsDeleted,
            abandon
        );

    /// <summary>Reads a resource's cursors and unfinished work; empty if there are none yet.</summary>
    public static async Task<ResourceState> ReadStateAsync(RepositoryReader reader, BlobId? stateRoot, CancellationToken cancellationToken)
    {
        var nodes = stateRoot is { } root ? await reader.ReadTreeAsync(root, cancellationToken) : [];
        return nodes.FirstOrDefault(node => node.Name == StateFile) is { } file
            ? JsonSerializer.Deserialize<ResourceState>(await reader.ReadContentAsync(file, cancellationToken), s_json)!
            : new ResourceState();
    }

    public Task<ItemEntry?> FindAsync(string id, CancellationToken cancellationToken) =>
        LockedAsync(() => _index.FindAsync(id, cancellationToken), cancellationToken);

    /// <summary>Whether the item changed its folder in this run, according to one answer or to several that disagree.</summary>
    public Task<bool> HasMovedAsync(string id, CancellationToken cancellationToken) =>
        LockedAsync(() => Task.FromResult(_moved.Contains(id)), cancellationToken);

    /// <summary>An item's node as it is stored.</summary>
    public Task<Node?> FindNodeAsync(ItemEntry entry, CancellationToken cancellationToken) =>
        LockedAsync(async () => (await _places.DirectoryAsync(entry, cancellationToken))?.Find(entry.Name), cancellationToken);

    /// <summary>An item's file as it is stored, or null. For small files: it is read into memory.</summary>
    public Task<byte[]?> ReadAsync(ItemEntry entry, CancellationToken cancellationToken) =>
        LockedAsync(
            async () =>
                (await _places.DirectoryAsync(entry, cancellationToken))?.Find(entry.Name) is { } node
                    ? await _content.ReadFileAsync(node, cancellationToken)
                    : null,
            cancellationToken
        );

    /// <summary>A part of an item as it is stored, or null.</summary>
    public Task<byte[]?> ReadPartAsync(ItemEntry entry, string suffix, CancellationToken cancellationToken) =>
        ReadAsync(entry with { Name = entry.PartName(suffix) }, cancellationToken);

    /// <summary>Stores an item under a folder: new, changed, moved or renamed. Returns false if its folder is unknown.</summary>
    /// <param name="entry">The item; its name is the preferred one.</param>
    /// <param name="content">The files to store, or null to keep the existing ones.</param>
    /// <param name="attribute">New metadata, or null to keep the existing.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<bool> PutAsync(ItemEntry entry, ItemContent? content, byte[]? attribute, CancellationToken cancellationToken) =>
        MutateAsync(
            async cancellationToken =>
            {
                if (await _places.PathAsync(entry.Parent, cancellationToken) is not { } path)
                    return false;
                var old = await _index.FindAsync(entry.Id, cancellationToken);
                if (
                    entry.IsFolder
                    && old is not null
                    && path.Count > 0
                    && await _places.IsBelowAsync(entry.Parent, entry.Id, cancellationToken)
                )
                    return false; // A folder inside itself: the other half of the move has not arrived yet.
                if (
                    AnswersMayCross
                    && !entry.IsFolder
                    && old is not null
                    && old.Parent != entry.Parent
                    && await IsOlderAsync(old, attribute, cancellationToken)
                )
                    return true;
                WorkingDirectory? loaded = null;
                Node? present = null;
                IReadOnlyList<(string Suffix, Node Node)> parts = [];
                if (old is not null && await _places.DirectoryAsync(old, cancellationToken) is { } oldDirectory)
                {
                    if (oldDirectory.Detach(old.Name) is { } detached)
                        (present, loaded) = detached;
                    parts = DetachParts(oldDirectory, old);
                    await _places.RemoveEmptySubAsync(oldDirectory, old, cancellationToken);
                }

                var target = await _content.GetOrCreateAsync(entry.Sub is null ? path : path.Append(entry.Sub), cancellationToken);
                var reserved = path.Count == 0 && entry.Sub is null && DeletedItems.IsReserved(entry.Name);
                var name = reserved || !target.IsFree(entry.Name) ? FreeName(target, entry) : entry.Name;
                if (present is not null && present.IsDirectory != entry.IsFolder)
                    (present, loaded) = (null, null); // What was a file is a folder now, or vice versa.
                if (content is null && present is null && !entry.IsFolder)
                {
                    // In the index but not in the tree: treated as never stored.
                    State.Items -= old is { IsFolder: false } ? 1 : 0;
                    if (old is { IsFolder: false })
                        Count(old.Parent, -1);
                    _index.Remove(entry.Id);
                    return false;
                }

                var stored = (content?.Node ?? present ?? Node.NewDirectory(name, default, _time.GetUtcNow())) with { Name = name };
                if (attribute is not null)
                    stored = stored with { ExtendedAttributes = [new ExtendedAttribute(Attribute, attribute)] };
                if (entry.IsFolder && present is null)
                    target.Create(stored);
                else
                    target.Attach(stored, loaded);
                if (name == entry.Name || reserved)
                    _wishes.Remove(entry.Id);
                else
                    _wishes[entry.Id] = entry;
                parts = content?.Parts ?? parts;
                var placed = entry with { Name = name };
                var suffixes = new List<string>();
                foreach (var (wished, part) in parts)
                {
                    // A user's own file may have exactly the name that a part would take.
                    var suffix = wished;
                    while (!target.IsFree(placed.PartName(suffix)))
                        suffix = "_" + suffix;
                    target.Set(part with { Name = placed.PartName(suffix) });
                    suffixes.Add(suffix);
                }

                placed = placed with { Parts = suffixes.Count > 0 ? suffixes : null };
                _index.Set(placed);
                if (!entry.IsFolder)
                {
                    State.Items += old is { IsFolder: false } ? 0 : 1;
                    Count(entry.Parent, 1);
                    if (old is { IsFolder: false })
                        Count(old.Parent, -1);
                }

                await TrimAsync(cancellationToken);
                return true;
            },
            cancellationToken
        );

    /// <summary>Gives items the names that were taken when they arrived and are free now: two files may have swapped theirs.</summary>
    public async Task GrantWishesAsync(CancellationToken cancellationToken)
    {
        foreach (var wish in await LockedAsync(() => Task.FromResult(_wishes.Values.ToArray()), cancellationToken))
        {
            if (await FindAsync(wish.Id, cancellationToken) is { } entry && entry.Parent == wish.Parent)
                await PutAsync(entry with { Name = wish.Name }, null, null, cancellationToken);
        }
    }

    /// <summary>
    /// Removes an item. A folder is only removed when empty, unless <paramref name="withContent"/> says that its items are gone too.
    /// </summary>
    /// <returns>Whether it existed and was removed.</returns>
    public Task<bool> RemoveAsync(string id, bool withContent, CancellationToken cancellationToken) =>
        RemoveAsync(id, withContent, _keepsDeleted, cancellationToken);

    /// <summary>
    /// Removes an item that must not be kept below <see cref="DeletedItems.Folder"/> either: someone has a right to its removal.
    /// </summary>
    public Task<bool> EraseAsync(string id, CancellationToken cancellationToken) =>
        RemoveAsync(id, withContent: false, keep: false, cancellationToken);

    private Task<bool> RemoveAsync(string id, bool withContent, bool keep, CancellationToken cancellationToken) =>
        MutateAsync(
            async cancellationToken =>
            {
                if (await _index.FindAsync(id, cancellationToken) is not { } entry)
                    return false;
                var directory = await _places.DirectoryAsync(entry, cancellationToken);
                var (items, stored) = (State.Items, !entry.IsFolder);
                if (entry.IsFolder && directory is not null)
                {
                    var own = await _content.FindAsync((await _places.PathAsync(id, cancellationToken))!, cancellationToken);
                    if (own is { Count: > 0 } && !withContent)
                        return false;
                    stored = own is { Count: > 0 };
                    if (own is not null)
                        await ForgetAsync(own, cancellationToken);
                }

                if (!entry.IsFolder)
                {
                    State.Items--;
                    Count(entry.Parent, -1);
                }

                if (directory is not null)
                {
                    var detached = directory.Detach(entry.Name);
                    var parts = DetachParts(directory, entry);
                    if (keep && stored && detached is var (node, loaded))
                    {
                        await _deleted.PutAsync(
                            State,
                            await _places.FoldersAsync(entry, cancellationToken),
                            id,
                            node,
                            loaded,
                            parts,
                            items - State.Items,
                            cancellationToken
                        );
                    }

                    await _places.RemoveEmptySubAsync(directory, entry, cancellationToken);
                }

                _index.Remove(id);
                return true;
            },
            cancellationToken
        );

    /// <summary>Removes deleted items whose retention has expired.</summary>
    public Task ExpireDeletedAsync(Func<string, bool> isOver, CancellationToken cancellationToken) =>
        MutateAsync(
            async cancellationToken =>
            {
                await _deleted.ExpireAsync(State, isOver, cancellationToken);
                return true;
            },
            cancellationToken
        );

    /// <summary>
    /// The ids of all items directly in a folder (and its months), from the stored metadata; one month in memory at a time.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="folders">Whether to include its sub-folders.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async IAsyncEnumerable<string> ItemsOfAsync(
        string folder,
        bool folders,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (ids, subs) = await ItemsInAsync(folder, null, folders, cancellationToken);
        foreach (var id in ids)
            yield return id;
        foreach (var sub in subs)
        {
            foreach (var id in (await ItemsInAsync(folder, sub, folders, cancellationToken)).Ids)
                yield return id;
        }
    }

    /// <summary>Number of folders between the root and a folder, for ordering removals; -1 if unknown.</summary>
    public Task<int> DepthAsync(string folder, CancellationToken cancellationToken) =>
        LockedAsync(async () => (await _places.PathAsync(folder, cancellationToken))?.Count ?? -1, cancellationToken);

    /// <summary>Changes the state under the lock.</summary>
    public Task ChangeStateAsync(Action<ResourceState> change, CancellationToken cancellationToken) =>
        MutateAsync(
            _ =>
            {
                change(State);
                return Task.FromResult(true);
            },
            cancellationToken
        );

    /// <summary>Starts a large file, or continues where an earlier run stopped.</summary>
    public Task<PartialFile> BeginPartialAsync(string key, string version, CancellationToken cancellationToken) =>
        LockedAsync(() => _partials.BeginAsync(State, key, version, cancellationToken), cancellationToken);

    /// <summary>The file is stored, or must be read from its start.</summary>
    public void EndPartial(string key) => _partials.End(key);

    /// <summary>Everything is read: what was in progress in earlier runs and not requested again is of no use.</summary>
    public Task DropPartialsAsync(CancellationToken cancellationToken) => ChangeStateAsync(_partials.DropOld, cancellationToken);

    /// <summary>Stores trees, index and state as they are now, and returns the two roots.</summary>
    public Task<(BlobId Content, BlobId State)> SaveAsync(CancellationToken cancellationToken) =>
        MutateAsync(
            async cancellationToken =>
            {
                await _index.SaveAsync(cancellationToken);
                var root = await _stateTree.RootAsync(cancellationToken);
                await _partials.SaveAsync(State, root, cancellationToken);
                var json = JsonSerializer.SerializeToUtf8Bytes(State, s_json);
                var node = await _stateTree.NewFileAsync(StateFile, json, cancellationToken);
                if (root.Find(StateFile) is not { Content: { } old } || !old.SequenceEqual(node.Content!))
                    root.Set(node);
                return (await _content.SaveAsync(cancellationToken), await _stateTree.SaveAsync(cancellationToken));
            },
            cancellationToken
        );

    /// <summary>Releases the memory: nothing may be read or changed afterwards. Everything to be kept has been saved.</summary>
    public void Release()
    {
        State = new ResourceState();
        _moved.Clear();
        _wishes.Clear();
        _partials.Clear();
    }

    public void Dispose() => _gate.Dispose();

    // If two folders are read concurrently and an item moves from one to the other between their answers, the older answer, applied last,
    // would put it back where it no longer is. Items that changed their folder are recorded, because two moves may happen within one
    // second.
    private async Task<bool> IsOlderAsync(ItemEntry old, byte[]? attribute, CancellationToken cancellationToken)
    {
        _moved.Add(old.Id);
        var stored = (await _places.DirectoryAsync(old, cancellationToken))?.Find(old.Name)?.Attribute(Attribute);
        return ItemMetadata.ModifiedOf(attribute) < ItemMetadata.ModifiedOf(stored);
    }

    private async Task ForgetAsync(WorkingDirectory directory, CancellationToken cancellationToken)
    {
        foreach (var node in directory.Nodes.ToArray())
        {
            if (ItemMetadata.IdOf(node) is { } id)
            {
                State.Items -= await _index.FindAsync(id, cancellationToken) is { IsFolder: false } ? 1 : 0;
                _index.Remove(id);
            }

            if (node.IsDirectory && await _content.OpenAsync(directory, node.Name, cancellationToken) is { } child)
                await ForgetAsync(child, cancellationToken);
        }
    }

    private Task<(List<string> Ids, List<string> Subs)> ItemsInAsync(
        string folder,
        string? sub,
        bool folders,
        CancellationToken cancellationToken
    ) =>
        LockedAsync(
            async () =>
            {
                List<string> ids = [],
                    subs = [];
                if (
                    await _places.PathAsync(folder, cancellationToken) is { } path
                    && await _content.FindAsync(sub is null ? path : path.Append(sub), cancellationToken) is { } directory
                )
                {
                    foreach (var node in directory.Nodes)
                    {
                        var id = ItemMetadata.IdOf(node);
                        if (id is not null && (folders || !node.IsDirectory))
                            ids.Add(id);
                        else if (id is null && node.IsDirectory)
                            subs.Add(node.Name);
                    }
                }

                await TrimAsync(cancellationToken);
                return (ids, subs);
            },
            cancellationToken
        );

    // A user's own file may have exactly the name that the mark would give.
    private static string FreeName(WorkingDirectory target, ItemEntry entry)
    {
        var name = SafeName.WithMark(entry.Name, entry.Id);
        for (var number = 2; !target.IsFree(name); number++)
            name = SafeName.WithMark(entry.Name, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{entry.Id} {number}"));
        return name;
    }

    private static List<(string Suffix, Node Node)> DetachParts(WorkingDirectory directory, ItemEntry entry)
    {
        var parts = new List<(string, Node)>();
        foreach (var suffix in entry.Parts ?? [])
        {
            if (directory.Detach(entry.PartName(suffix)) is { } part)
                parts.Add((suffix, part.Node));
        }

        return parts;
    }

    private void Count(string folder, int change)
    {
        if (State.Folders.TryGetValue(folder, out var state))
            state.Count += change;
    }

    private async Task TrimAsync(CancellationToken cancellationToken)
    {
        // Counting walks through everything loaded: not for every item.
        if (++_puts % CountEvery != 0)
            return;
        var limit = _maxLoaded();
        if (_content.LoadedCount > limit)
            await _content.SaveAsync(cancellationToken);
        if (_index.Pending > EntriesANode * limit)
        {
            await _index.SaveAsync(cancellationToken);
            await _stateTree.SaveAsync(cancellationToken);
        }
    }

    // A change in progress is completed: stopping half-way would lose an item between its old and its new place. If it fails nevertheless
    // (the storage is gone), nothing of this store may be put into a snapshot any more.
    private Task<T> MutateAsync<T>(Func<CancellationToken, Task<T>> change, CancellationToken cancellationToken) =>
        LockedAsync(
            async () =>
            {
                try
                {
                    return await change(_abandon);
                }
                catch
                {
                    IsBroken = true;
                    throw;
                }
            },
            cancellationToken
        );

    private async Task<T> LockedAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return await action();
        }
        finally
        {
            _gate.Release();
        }
    }
}
