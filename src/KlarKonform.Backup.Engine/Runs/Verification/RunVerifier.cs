using System.Collections.Concurrent;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>
/// The check after every run, at a cost in proportion to what changed: every pack is at the target with its size, every blob that new
/// trees name is in the index, and a random sample is read back, decrypted and hashed.
/// </summary>
/// <param name="repository">The repository after the run's last flush.</param>
/// <param name="treeCache">Trees of before that the run has read: they were verified when they were new.</param>
/// <param name="written">The packs that the run uploaded, with their sizes in bytes.</param>
/// <param name="random">Draws the sample.</param>
internal sealed class RunVerifier(ResticRepository repository, IObjectStore? treeCache, IReadOnlyDictionary<BlobId, long> written, Random random)
{
    private const int SampleSize = 16;

    /// <summary>Verifies a snapshot in the making.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="previousRoot">The previous snapshot's root, which was verified then.</param>
    /// <param name="previousFiles">Which packs and index files there were before this run's own, or null when nobody knows.</param>
    /// <param name="verified">Trees that others have verified, with all below them.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <returns>What is wrong, and which packs and index files there are now.</returns>
    public async Task<StorageVerification> VerifyAsync(BlobId root, BlobId? previousRoot, FileCensus? previousFiles, IReadOnlyCollection<BlobId> verified, CancellationToken cancellationToken)
    {
        var checker = new RepositoryChecker(repository);
        var problems = new List<CheckProblem>();
        problems.AddRange(await CheckTreesAsync(root, previousRoot, verified, cancellationToken).ConfigureAwait(false));

        // Of a large index only a part was read. Then the files of before must be the very same; if not, or if nobody knows, all of it is needed.
        var before = await checker.CountAsync(RepositoryFile.Data, written, cancellationToken).ConfigureAwait(false);
        if (before.With(repository.OpenedIndex) != previousFiles)
            await repository.CompleteIndexAsync(cancellationToken).ConfigureAwait(false);
        problems.AddRange(await checker.CheckPacksAsync(cancellationToken).ConfigureAwait(false));
        var (sampled, damaged) = await CheckSampleAsync(checker, problems, cancellationToken).ConfigureAwait(false);
        var index = await checker.CountAsync(RepositoryFile.Index, new Dictionary<BlobId, long>(), cancellationToken).ConfigureAwait(false);
        var files = written.Aggregate(before, (census, pack) => census.With(pack.Key, pack.Value)).With(index);
        return new StorageVerification(problems, files, repository.Index.PackSizes().Count, sampled, damaged);
    }

    private async Task<(int Sampled, int Damaged)> CheckSampleAsync(RepositoryChecker checker, List<CheckProblem> problems, CancellationToken cancellationToken)
    {
        var (sampled, known) = (0, problems.Count);
        var reader = new RepositoryReader(repository);
        var unread = repository.UnreadIndexBytes > 0 ? SampleSize / 2 : 0;
        if (unread > 0)
        {
            problems.AddRange(await checker.CheckSampleOfPacksAsync(unread, random, cancellationToken).ConfigureAwait(false));
            sampled += unread;
        }

        foreach (var blob in repository.Index.Sample(random, SampleSize - unread))
        {
            try
            {
                sampled++;
                await reader.ReadBlobAsync(blob, cancellationToken).ConfigureAwait(false);
            }
            catch (RepositoryException exception)
            {
                problems.Add(new CheckProblem(CheckProblemKind.DamagedPack, blob.ToString(), exception.Message));
            }
        }

        return (sampled, problems.Count - known);
    }

    /// <summary>Reads the trees that are new, and looks for every blob that they name.</summary>
    /// <param name="root">The new root.</param>
    /// <param name="previousRoot">The root of before, which was verified then.</param>
    /// <param name="verified">Trees that others have verified, with all below them.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <remarks>Walks both trees side by side, level by level, and skips what is the same: those trees and blobs were checked when they were new.
    /// What has no counterpart waits until all that have one are walked: a folder that moved is known from its old place by then.</remarks>
    public async Task<IReadOnlyCollection<CheckProblem>> CheckTreesAsync(BlobId root, BlobId? previousRoot, IReadOnlyCollection<BlobId> verified, CancellationToken cancellationToken)
    {
        var walk = new Walk(repository, treeCache, verified);
        for (ConcurrentBag<(BlobId Now, BlobId? Before)> level = [(root, previousRoot)]; !level.IsEmpty; level = walk.Next(level))
        {
            await Parallel.ForEachAsync(level.Where(pair => pair.Now != pair.Before), cancellationToken, async (pair, token) =>
            {
                try
                {
                    await walk.CheckAsync(pair.Now, pair.Before, token).ConfigureAwait(false);
                }
                catch (RepositoryException exception)
                {
                    walk.Problems.Enqueue(new CheckProblem(CheckProblemKind.DamagedTree, pair.Now.ToString(), exception.Message));
                }
            }).ConfigureAwait(false);
        }

        foreach (var (blob, tree) in walk.Named.Where(named => !repository.Index.Contains(named.Blob) && !walk.KnownBlobs.ContainsKey(named.Blob)))
        {
            if (!await repository.ContainsAsync(blob, cancellationToken).ConfigureAwait(false))
                walk.Problems.Enqueue(new CheckProblem(CheckProblemKind.MissingBlob, blob.ToString(), tree.ToString()));
        }

        return walk.Problems;
    }

    private sealed class Walk(ResticRepository repository, IObjectStore? treeCache, IReadOnlyCollection<BlobId> verified)
    {
        private readonly RepositoryReader _before = new(repository, treeCache: treeCache);
        private readonly RepositoryReader _reader = new(repository);
        private readonly ConcurrentDictionary<BlobId, bool> _knownTrees = new(verified.Select(tree => KeyValuePair.Create(tree, true)));
        private ConcurrentBag<(BlobId Now, BlobId? Before)> _pairs = [];
        private ConcurrentBag<BlobId> _alone = [];

        public ConcurrentQueue<CheckProblem> Problems { get; } = new();

        /// <summary>Blobs that new trees name and that the index, as far as it is read, does not; each with the tree.</summary>
        public ConcurrentBag<(BlobId Blob, BlobId Tree)> Named { get; } = [];

        /// <summary>Blobs that the trees before named.</summary>
        public ConcurrentDictionary<BlobId, bool> KnownBlobs { get; } = new();

        public async Task CheckAsync(BlobId now, BlobId? previous, CancellationToken cancellationToken)
        {
            var beforeByName = new Dictionary<string, BlobId>();
            var beforeBlobs = new HashSet<BlobId>();
            if (previous is { } old)
            {
                var before = await _before.ReadTreeLinksAsync(old, cancellationToken).ConfigureAwait(false);
                foreach (var (name, tree) in before.Subtrees)
                {
                    beforeByName[name] = tree;
                    _knownTrees[tree] = true;
                }

                beforeBlobs.UnionWith(before.Blobs);
            }

            var links = await _reader.ReadTreeLinksAsync(now, cancellationToken).ConfigureAwait(false);
            foreach (var (name, tree) in links.Subtrees)
            {
                if (beforeByName.TryGetValue(name, out var same))
                    _pairs.Add((tree, same));
                else
                    _alone.Add(tree);
            }

            foreach (var blob in links.Blobs)
            {
                if (!beforeBlobs.Remove(blob) && !repository.Index.Contains(blob))
                    Named.Add((blob, now));
            }

            // Gone from here, and perhaps moved: what is left of the old tree's blobs.
            foreach (var blob in beforeBlobs.Where(blob => !repository.Index.Contains(blob)))
                KnownBlobs[blob] = true;
        }

        /// <summary>What to walk next: pairs while there are any, then what is new altogether.</summary>
        public ConcurrentBag<(BlobId Now, BlobId? Before)> Next(ConcurrentBag<(BlobId Now, BlobId? Before)> walked)
        {
            foreach (var (now, _) in walked)
                _knownTrees[now] = true;
            var next = new ConcurrentBag<(BlobId Now, BlobId? Before)>(_pairs.Where(pair => pair.Now != pair.Before && !_knownTrees.ContainsKey(pair.Now)));
            _pairs = [];
            if (!next.IsEmpty)
                return next;
            next = [.. _alone.Distinct().Where(tree => !_knownTrees.ContainsKey(tree)).Select(tree => (tree, (BlobId?)null))];
            _alone = [];
            return next;
        }
    }
}
