using System.Collections.Concurrent;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>Walks trees level by level, each once, together with the earlier trees if there are any. Thread-safe within a level.</summary>
/// <param name="repository">The repository.</param>
/// <param name="treeCache">Earlier trees that the run has read: they were verified when they were new.</param>
/// <param name="verified">Trees that need no check.</param>
internal sealed class TreeWalk(ResticRepository repository, IObjectStore? treeCache, IReadOnlyCollection<BlobId> verified)
{
    private readonly RepositoryReader _near = new(repository, treeCache: treeCache);
    private readonly RepositoryReader _stored = new(repository);
    private readonly ConcurrentDictionary<BlobId, bool> _knownTrees = new(verified.Select(tree => KeyValuePair.Create(tree, true)));
    private ConcurrentBag<(BlobId Now, BlobId? Before)> _pairs = [];
    private ConcurrentBag<BlobId> _alone = [];

    /// <summary>Whether the trees to be checked may come from the cache too. A check that new ones are stored must not allow it.</summary>
    public bool ReadsNear { get; init; }

    public ConcurrentQueue<CheckProblem> Problems { get; } = new();

    /// <summary>Blobs that checked trees name and that the index, as far as it was read, does not contain; each with its tree.</summary>
    public ConcurrentBag<(BlobId Blob, BlobId Tree)> Named { get; } = [];

    /// <summary>Blobs that the earlier trees named.</summary>
    public ConcurrentDictionary<BlobId, bool> KnownBlobs { get; } = new();

    public async Task CheckAsync(BlobId now, BlobId? previous, CancellationToken cancellationToken)
    {
        var beforeByName = new Dictionary<string, BlobId>();
        var beforeBlobs = new HashSet<BlobId>();
        if (previous is { } old)
        {
            var before = await _near.ReadTreeLinksAsync(old, cancellationToken);
            foreach (var (name, tree) in before.Subtrees)
            {
                beforeByName[name] = tree;
                _knownTrees[tree] = true;
            }

            beforeBlobs.UnionWith(before.Blobs);
        }

        var links = await (ReadsNear ? _near : _stored).ReadTreeLinksAsync(now, mustBeStored: true, cancellationToken);
        foreach (var (name, tree) in links.Subtrees)
        {
            if (beforeByName.TryGetValue(name, out var same))
                _pairs.Add((tree, same));
            else
                _alone.Add(tree);
        }

        foreach (var blob in links.Blobs)
        {
            if (!beforeBlobs.Remove(blob) && !repository.Index.Blobs.Contains(BlobHandle.Data(blob)))
                Named.Add((blob, now));
        }

        // Removed from here, and perhaps moved: the remaining blobs of the old tree.
        foreach (var blob in beforeBlobs.Where(blob => !repository.Index.Blobs.Contains(BlobHandle.Data(blob))))
            KnownBlobs[blob] = true;
    }

    /// <summary>What to walk next: pairs while there are any, then what is entirely new.</summary>
    public ConcurrentBag<(BlobId Now, BlobId? Before)> Next(ConcurrentBag<(BlobId Now, BlobId? Before)> walked)
    {
        foreach (var (now, _) in walked)
            _knownTrees[now] = true;
        var next = new ConcurrentBag<(BlobId Now, BlobId? Before)>(
            _pairs.Where(pair => pair.Now != pair.Before && !_knownTrees.ContainsKey(pair.Now))
        );
        _pairs = [];
        if (!next.IsEmpty)
            return next;
        next = [.. _alone.Distinct().Where(tree => !_knownTrees.ContainsKey(tree)).Select(tree => (tree, (BlobId?)null))];
        _alone = [];
        return next;
    }
}
