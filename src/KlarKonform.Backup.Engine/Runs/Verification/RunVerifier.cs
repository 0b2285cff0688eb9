using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Runs.Verification;

/// <summary>
/// The check after every run, at a cost in proportion to what changed: every pack is at the target with its size, every blob that new trees
/// name is in the index, and a random sample is read back, decrypted and hashed. If the earlier packs and index files are no longer exactly
/// the same, nothing earlier counts as verified: then every tree of every snapshot in the repository is walked.
/// </summary>
/// <param name="session">The repository after the run's last flush.</param>
/// <param name="written">The packs that the run uploaded, with their sizes in bytes.</param>
/// <param name="random">Draws the sample.</param>
internal sealed class RunVerifier(BackupRepository session, IReadOnlyDictionary<BlobId, long> written, Random random)
{
    private const int SampleSize = 16;

    private readonly ResticRepository _repository = session.Repository;

    /// <summary>Verifies a snapshot in the making.</summary>
    /// <param name="root">Its root.</param>
    /// <param name="previousRoot">The previous snapshot's root, which was verified at the time.</param>
    /// <param name="previousFiles">Which packs and index files existed, before this run's own, at times when everything was sound.</param>
    /// <param name="others">What other workers did for the run.</param>
    /// <param name="damaged">What the previous run read and found damaged.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>What is wrong, and which packs and index files exist now.</returns>
    public async Task<StorageVerification> VerifyAsync(
        BlobId root,
        BlobId? previousRoot,
        IReadOnlyCollection<FileSetDigest> previousFiles,
        VerifiedElsewhere others,
        IReadOnlyList<string> damaged,
        CancellationToken cancellationToken
    )
    {
        var checker = new RepositoryChecker(_repository);
        var problems = new List<CheckProblem>();
        var before = await checker.CountAsync(RepositoryFile.Data, written, cancellationToken);
        var index = await IndexAsync(cancellationToken);
        var packsAndIndex = before.With(_repository.Index.OpenedFiles);
        if (index.Gone == 0 && previousFiles.Contains(packsAndIndex))
        {
            problems.AddRange(await CheckNewTreesAsync(root, previousRoot, others.Trees, cancellationToken));
        }
        else
        {
            // Only a part of a large index was read, and of what was read something may be gone since. What is needed decides whether
            // something vanished, or files were only added or compacted.
            if (index.Gone == 0)
                await _repository.Index.CompleteAsync(cancellationToken);
            else
                await _repository.Index.LoadAsync(cancellationToken);
            var (snapshots, unreadable) = await OthersInRepositoryAsync(cancellationToken);
            problems.AddRange(unreadable);
            if (unreadable.Count == 0 && index.Gone == 0 && IsAsVerifiedByOthers(packsAndIndex, others, snapshots))
            {
                problems.AddRange(await CheckNewTreesAsync(root, previousRoot, others.Trees, cancellationToken));
            }
            else
            {
                // The local cache says nothing about what is stored: other machines read the storage.
                foreach (var kind in new[] { RepositoryFile.Index, RepositoryFile.Snapshot })
                    problems.AddRange(
                        (await checker.CheckFilesAsync(kind, null, cancellationToken)).ExceptBy(
                            problems.Select(each => (each.Kind, each.Name)),
                            each => (each.Kind, each.Name)
                        )
                    );
                problems.AddRange(await CheckAllTreesAsync([root, .. snapshots.Select(each => each.Snapshot.Root)], cancellationToken));
            }
        }

        problems.AddRange(await checker.CheckPacksAsync(cancellationToken));
        var (sampled, failed) = await CheckSampleAsync(checker, problems, damaged, index.Files, cancellationToken);
        var files = written.Aggregate(before, (census, pack) => census.With(pack.Key, pack.Value)).With(index.Census);
        return new StorageVerification(problems, files, _repository.Index.Blobs.PackSizes().Count, sampled, failed);
    }

    // Which index files exist, and whether those used by the run are among them: one may vanish while it runs.
    private async Task<(FileSetDigest Census, IReadOnlyList<BlobId> Files, int Gone)> IndexAsync(CancellationToken cancellationToken)
    {
        var (census, files, seen) = (default(FileSetDigest), new List<BlobId>(), _repository.Index.FilesSeen.ToHashSet());
        await foreach (var item in _repository.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Index), cancellationToken))
        {
            if (!BlobId.TryParse(item.Name, out var id))
                continue;
            census = census.With(id, item.Size);
            files.Add(id);
            seen.Remove(id);
        }

        return (census, files, seen.Count);
    }

    // The snapshots of all configurations: the next verification may be by another configuration that shares the repository, and relies on
    // this one.
    private async Task<(IReadOnlyList<StoredSnapshot> Snapshots, IReadOnlyList<CheckProblem> Damaged)> OthersInRepositoryAsync(
        CancellationToken cancellationToken
    )
    {
        var (snapshots, damaged) = (new List<StoredSnapshot>(), new List<CheckProblem>());
        await foreach (var (id, snapshot, problem) in new RepositoryChecker(_repository).ReadSnapshotsAsync(cancellationToken))
        {
            if (snapshot is not null)
                snapshots.Add(new StoredSnapshot(id, snapshot));
            else
                damaged.Add(problem!);
        }

        return (snapshots, damaged);
    }

    // Another configuration in the same repository may have verified it since; and before the first verified snapshot there is nothing.
    private static bool IsAsVerifiedByOthers(
        FileSetDigest files,
        VerifiedElsewhere others,
        IReadOnlyCollection<StoredSnapshot> snapshots
    ) =>
        others.Files is { } written
        && (
            snapshots.Any(each => each.Snapshot.FilesVerified()?.With(written) == files)
            || (files == written && snapshots.All(each => each.Snapshot.IsCheckpoint()))
        );

    private async Task<(int Sampled, int Damaged)> CheckSampleAsync(
        RepositoryChecker checker,
        List<CheckProblem> problems,
        IReadOnlyList<string> damaged,
        IReadOnlyList<BlobId> index,
        CancellationToken cancellationToken
    )
    {
        var (sampled, known) = (0, problems.Count);
        var reader = new RepositoryReader(_repository);
        var unread = _repository.Index.UnreadBytes > 0 ? SampleSize / 2 : 0;
        if (unread > 0)
        {
            problems.AddRange(await checker.CheckSampleOfPacksAsync(unread, random, cancellationToken));
            sampled += unread;
        }

        // What was damaged yesterday is checked until it is repaired, not left to chance.
        problems.AddRange(await checker.CheckDataAsync(DamagedPacks(damaged), bytesRead: null, cancellationToken));
        problems.AddRange(
            await checker.CheckFilesAsync(
                RepositoryFile.Index,
                index.Skip(random.Next(Math.Max(1, index.Count))).Take(1),
                cancellationToken
            )
        );
        foreach (var blob in _repository.Index.Blobs.Sample(random, SampleSize - unread))
        {
            try
            {
                sampled++;
                await reader.ReadBlobAsync(blob, cancellationToken);
            }
            catch (RepositoryException exception)
            {
                problems.Add(new CheckProblem(CheckProblemKind.DamagedPack, blob.ToString(), exception.Message));
            }
        }

        return (sampled, problems.Count - known);
    }

    // A blob stands for its pack.
    private HashSet<BlobId> DamagedPacks(IReadOnlyList<string> damaged)
    {
        var packs = new HashSet<BlobId>();
        foreach (var name in damaged)
        {
            if (!BlobId.TryParse(name[(name.LastIndexOf('/') + 1)..], out var id))
                continue;
            if (_repository.Index.Blobs.PackSizes().ContainsKey(id))
                packs.Add(id);
            foreach (var kind in new[] { BlobKind.Data, BlobKind.Tree })
            {
                if (
                    _repository.Index.Blobs.Contains(new BlobHandle(kind, id))
                    && _repository.Index.Blobs.TryFind(new BlobHandle(kind, id), out var pack, out _)
                )
                    packs.Add(pack);
            }
        }

        return packs;
    }

    /// <summary>Reads the trees that are new, and looks for every blob that they name.</summary>
    /// <param name="root">The new root.</param>
    /// <param name="previousRoot">The previous root, which was verified at the time.</param>
    /// <param name="verified">Trees that others have verified, with everything below them.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <remarks>
    /// Walks both trees in parallel, level by level, and skips what is the same: those trees and blobs were checked when they were new.
    /// What has no counterpart waits until everything with one has been walked: by then a folder that moved is known from its old place.
    /// </remarks>
    public Task<IReadOnlyCollection<CheckProblem>> CheckNewTreesAsync(
        BlobId root,
        BlobId? previousRoot,
        IReadOnlyCollection<BlobId> verified,
        CancellationToken cancellationToken
    ) => CheckAsync(new TreeWalk(_repository, session.TreeCache, verified), [(root, previousRoot)], cancellationToken);

    // Every tree counts, but the source of its bytes does not: what is in the local cache was verified by its hash, and the index must
    // contain it.
    private Task<IReadOnlyCollection<CheckProblem>> CheckAllTreesAsync(IEnumerable<BlobId> roots, CancellationToken cancellationToken) =>
        CheckAsync(
            new TreeWalk(_repository, session.TreeCache, []) { ReadsNear = true },
            [.. roots.Distinct().Select(root => (root, (BlobId?)null))],
            cancellationToken
        );

    private async Task<IReadOnlyCollection<CheckProblem>> CheckAsync(
        TreeWalk walk,
        ConcurrentBag<(BlobId Now, BlobId? Before)> first,
        CancellationToken cancellationToken
    )
    {
        for (var level = first; !level.IsEmpty; level = walk.Next(level))
        {
            await Parallel.ForEachAsync(
                level.Where(pair => pair.Now != pair.Before),
                cancellationToken,
                async (pair, token) =>
                {
                    try
                    {
                        await walk.CheckAsync(pair.Now, pair.Before, token);
                    }
                    catch (RepositoryException exception)
                    {
                        walk.Problems.Enqueue(new CheckProblem(CheckProblemKind.DamagedTree, pair.Now.ToString(), exception.Message));
                    }
                }
            );
        }

        foreach (
            var (blob, tree) in walk.Named.Where(named =>
                !_repository.Index.Blobs.Contains(BlobHandle.Data(named.Blob)) && !walk.KnownBlobs.ContainsKey(named.Blob)
            )
        )
        {
            if (!await _repository.Index.ContainsAsync(BlobHandle.Data(blob), cancellationToken))
                walk.Problems.Enqueue(new CheckProblem(CheckProblemKind.MissingBlob, blob.ToString(), tree.ToString()));
        }

        return walk.Problems;
    }
}
