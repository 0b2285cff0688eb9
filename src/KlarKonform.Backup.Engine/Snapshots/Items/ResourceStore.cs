using System.Runtime.CompilerServices;
using System.Text.Json;
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
    private const string StateFile = "state.json";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    private readonly ResourceTrees _trees;
    private readonly StoreGate _gate;
    private readonly ItemPlacer _placer;
    private readonly ItemRemover _remover;
    private readonly DeletedItems _deleted;
    private readonly PartialFiles _partials;
    private readonly MemoryTrim _trim;

    private ResourceStore(ResourceTrees trees, StoreOptions options, TimeProvider time)
    {
        _trees = trees;
        _gate = new StoreGate(options.Abandon);
        _placer = new ItemPlacer(trees, time);
        _deleted = new DeletedItems(trees.Content, time);
        _remover = new ItemRemover(trees, _deleted, options);
        _partials = new PartialFiles(trees.StateTree, time);
        _trim = new MemoryTrim(trees, options.MaxLoaded);
    }

    /// <summary>Cursors and unfinished work. To be changed only inside <see cref="ChangeStateAsync"/>.</summary>
    public ResourceState State => _trees.State;

    /// <summary>
    /// Whether folders are read concurrently, so that the older of two answers about an item may be applied last: then the newer one
    /// counts. A single delta of everything has an order of its own.
    /// </summary>
    public bool AnswersMayCross
    {
        get => _placer.AnswersMayCross;
        set => _placer.AnswersMayCross = value;
    }

    /// <summary>Deleted items that this run kept, and those whose retention had expired.</summary>
    public (long Kept, long Expired) Deleted => (_deleted.Kept, _deleted.Expired);

    /// <summary>A change failed half-way: the trees in memory must not be used.</summary>
    public bool IsBroken => _gate.IsBroken;

    /// <summary>Opens a resource from a snapshot.</summary>
    /// <param name="reader">Reads from the repository.</param>
    /// <param name="writer">Writes to the repository.</param>
    /// <param name="stored">What the snapshot has of it.</param>
    /// <param name="options">How the store works.</param>
    /// <param name="time">Clock.</param>
    public static ResourceStore Open(
        RepositoryReader reader,
        RepositoryWriter writer,
        StoredResource stored,
        StoreOptions options,
        TimeProvider time
    )
    {
        var content = new WorkingTree(reader, writer, stored.Content, time);
        var state = new WorkingTree(reader, writer, stored.StateRoot, time);
        return new ResourceStore(new ResourceTrees(content, state, stored.State, options.MaxLoaded), options, time);
    }

    /// <summary>Reads a resource's cursors and unfinished work; empty if there are none yet.</summary>
    public static async Task<ResourceState> ReadStateAsync(RepositoryReader reader, BlobId? stateRoot, CancellationToken cancellationToken)
    {
        var nodes = stateRoot is { } root ? await reader.ReadTreeAsync(root, cancellationToken) : [];
        return nodes.FirstOrDefault(node => node.Name == StateFile) is { } file
            ? JsonSerializer.Deserialize<ResourceState>(await reader.ReadContentAsync(file, cancellationToken), s_json)!
            : new ResourceState();
    }

    /// <summary>What is known of an item, or null.</summary>
    public Task<ItemEntry?> FindAsync(string id, CancellationToken cancellationToken) =>
        _gate.LockedAsync(() => _trees.Index.FindAsync(id, cancellationToken), cancellationToken);

    /// <summary>Whether the item changed its folder in this run, according to one answer or to several that disagree.</summary>
    public Task<bool> HasMovedAsync(string id, CancellationToken cancellationToken) =>
        _gate.LockedAsync(() => Task.FromResult(_placer.HasMoved(id)), cancellationToken);

    /// <summary>An item's node as it is stored.</summary>
    public Task<Node?> FindNodeAsync(ItemEntry entry, CancellationToken cancellationToken) =>
        _gate.LockedAsync(async () => (await _trees.Places.DirectoryAsync(entry, cancellationToken))?.Find(entry.Name), cancellationToken);

    /// <summary>An item's file as it is stored, or null. For small files: it is read into memory.</summary>
    public Task<byte[]?> ReadAsync(ItemEntry entry, CancellationToken cancellationToken) =>
        _gate.LockedAsync(
            async () =>
                (await _trees.Places.DirectoryAsync(entry, cancellationToken))?.Find(entry.Name) is { } node
                    ? await _trees.Content.ReadFileAsync(node, cancellationToken)
                    : null,
            cancellationToken
        );

    /// <summary>A part of an item as it is stored, or null.</summary>
    public Task<byte[]?> ReadPartAsync(ItemEntry entry, string suffix, CancellationToken cancellationToken) =>
        ReadAsync(entry with { Name = entry.PartName(suffix) }, cancellationToken);

    /// <summary>Stores an item under a folder: new, changed, moved or renamed.</summary>
    /// <param name="entry">The item; its name is the preferred one.</param>
    /// <param name="content">The files to store, or null to keep the existing ones.</param>
    /// <param name="attribute">New metadata, or null to keep the existing.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public Task<PutResult> PutAsync(ItemEntry entry, ItemContent? content, byte[]? attribute, CancellationToken cancellationToken) =>
        _gate.MutateAsync(
            async token =>
            {
                var result = await _placer.PutAsync(entry, content, attribute, token);
                if (result == PutResult.Stored)
                    await _trim.NoteAsync(token);
                return result;
            },
            cancellationToken
        );

    /// <summary>Gives items the names that were taken when they arrived and are free now: two files may have swapped theirs.</summary>
    public async Task ApplyPreferredNamesAsync(CancellationToken cancellationToken)
    {
        foreach (var preferred in await _gate.LockedAsync(() => Task.FromResult(_placer.PreferredNames), cancellationToken))
        {
            if (await FindAsync(preferred.Id, cancellationToken) is { } entry && entry.Parent == preferred.Parent)
                await PutAsync(entry with { Name = preferred.Name }, null, null, cancellationToken);
        }
    }

    /// <summary>Removes an item; a folder only if it is empty.</summary>
    /// <returns>Whether it existed and was removed.</returns>
    public Task<bool> RemoveAsync(string id, CancellationToken cancellationToken) =>
        _gate.MutateAsync(token => _remover.RemoveAsync(id, Removal.IfEmpty, token), cancellationToken);

    /// <summary>Removes an item; a folder with everything in it, which is gone too.</summary>
    /// <returns>Whether it existed.</returns>
    public Task<bool> RemoveWithContentAsync(string id, CancellationToken cancellationToken) =>
        _gate.MutateAsync(token => _remover.RemoveAsync(id, Removal.WithContent, token), cancellationToken);

    /// <summary>
    /// Removes an item that must not be kept below <see cref="DeletedItems.Folder"/> either: someone has a right to its removal.
    /// </summary>
    public Task<bool> EraseAsync(string id, CancellationToken cancellationToken) =>
        _gate.MutateAsync(token => _remover.RemoveAsync(id, Removal.Erase, token), cancellationToken);

    /// <summary>Removes deleted items whose retention has expired.</summary>
    public Task ExpireDeletedAsync(Func<string, bool> isOver, CancellationToken cancellationToken) =>
        _gate.MutateAsync(token => _deleted.ExpireAsync(State, isOver, token), cancellationToken);

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
        _gate.LockedAsync(async () => (await _trees.Places.PathAsync(folder, cancellationToken))?.Count ?? -1, cancellationToken);

    /// <summary>Changes the state under the lock.</summary>
    public Task ChangeStateAsync(Action<ResourceState> change, CancellationToken cancellationToken) =>
        _gate.MutateAsync(
            _ =>
            {
                change(State);
                return Task.CompletedTask;
            },
            cancellationToken
        );

    /// <summary>Starts a large file, or continues where an earlier run stopped.</summary>
    public Task<PartialFile> BeginPartialAsync(string key, string version, CancellationToken cancellationToken) =>
        _gate.LockedAsync(() => _partials.BeginAsync(State, key, version, cancellationToken), cancellationToken);

    /// <summary>The file is stored, or must be read from its start.</summary>
    public void EndPartial(string key) => _partials.End(key);

    /// <summary>Everything is read: what was in progress in earlier runs and not requested again is of no use.</summary>
    public Task DropPartialsAsync(CancellationToken cancellationToken) => ChangeStateAsync(_partials.DropOld, cancellationToken);

    /// <summary>Stores trees, index and state as they are now, and returns the two roots.</summary>
    public Task<(BlobId Content, BlobId State)> SaveAsync(CancellationToken cancellationToken) =>
        _gate.MutateAsync(
            async token =>
            {
                await _trees.Index.SaveAsync(token);
                var root = await _trees.StateTree.RootAsync(token);
                await _partials.SaveAsync(State, root, token);
                var json = JsonSerializer.SerializeToUtf8Bytes(State, s_json);
                var node = await _trees.StateTree.NewFileAsync(StateFile, json, token);
                if (root.Find(StateFile) is not { Content: { } old } || !old.SequenceEqual(node.Content!))
                    root.Set(node);
                return (await _trees.Content.SaveAsync(token), await _trees.StateTree.SaveAsync(token));
            },
            cancellationToken
        );

    /// <summary>Releases the memory: nothing may be read or changed afterwards. Everything to be kept has been saved.</summary>
    public void Release()
    {
        _trees.Release();
        _placer.Release();
        _partials.Clear();
    }

    public void Dispose() => _gate.Dispose();

    private Task<(List<string> Ids, List<string> Subs)> ItemsInAsync(
        string folder,
        string? sub,
        bool folders,
        CancellationToken cancellationToken
    ) =>
        _gate.LockedAsync(
            async () =>
            {
                List<string> ids = [],
                    subs = [];
                if (
                    await _trees.Places.PathAsync(folder, cancellationToken) is { } path
                    && await _trees.Content.FindAsync(sub is null ? path : path.Append(sub), cancellationToken) is { } directory
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

                await _trim.NoteAsync(cancellationToken);
                return (ids, subs);
            },
            cancellationToken
        );
}
