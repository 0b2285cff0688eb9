using System.Collections.Concurrent;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Reading;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>
/// The check after every run, at a cost in proportion to what changed: every pack is at the target with its size, every blob that new
/// trees name is in the index, and a random sample is read back, decrypted and hashed.
/// </summary>
internal sealed class RunVerifier(ResticRepository repository, Random random)
{
    private const int SampleSize = 16;

    public async Task<IReadOnlyList<CheckProblem>> VerifyAsync(BlobId root, BlobId? previousRoot, CancellationToken cancellationToken)
    {
        var checker = new RepositoryChecker(repository);
        var problems = new List<CheckProblem>(await checker.CheckPacksAsync(cancellationToken).ConfigureAwait(false));
        problems.AddRange(await CheckNewTreesAsync(root, previousRoot, cancellationToken).ConfigureAwait(false));
        var reader = new RepositoryReader(repository);
        foreach (var blob in repository.Index.Sample(random, SampleSize))
        {
            try
            {
                await reader.ReadBlobAsync(blob, cancellationToken).ConfigureAwait(false);
            }
            catch (RepositoryException exception)
            {
                problems.Add(new CheckProblem(CheckProblemKind.DamagedPack, blob.ToString(), exception.Message));
            }
        }

        return problems;
    }

    // Walks both trees side by side, level by level, and skips what is the same: those trees were checked when they were new.
    private async Task<IEnumerable<CheckProblem>> CheckNewTreesAsync(BlobId root, BlobId? previousRoot, CancellationToken cancellationToken)
    {
        var reader = new RepositoryReader(repository);
        var problems = new ConcurrentQueue<CheckProblem>();
        for (ConcurrentBag<(BlobId Now, BlobId? Before)> level = [(root, previousRoot)]; !level.IsEmpty;)
        {
            var next = new ConcurrentBag<(BlobId Now, BlobId? Before)>();
            await Parallel.ForEachAsync(level.Where(pair => pair.Now != pair.Before), cancellationToken, async (pair, token) =>
            {
                try
                {
                    await CheckTreeAsync(reader, pair.Now, pair.Before, next, problems, token).ConfigureAwait(false);
                }
                catch (RepositoryException exception)
                {
                    problems.Enqueue(new CheckProblem(CheckProblemKind.DamagedTree, pair.Now.ToString(), exception.Message));
                }
            }).ConfigureAwait(false);
            level = next;
        }

        return problems;
    }

    private async Task CheckTreeAsync(RepositoryReader reader, BlobId now, BlobId? previous, ConcurrentBag<(BlobId Now, BlobId? Before)> next, ConcurrentQueue<CheckProblem> problems, CancellationToken cancellationToken)
    {
        var before = previous is { } old ? (await reader.ReadTreeLinksAsync(old, cancellationToken).ConfigureAwait(false)).Subtrees : [];
        var beforeByName = before.ToDictionary(each => each.Name, each => each.Tree);
        var beforeIds = beforeByName.Values.ToHashSet();
        var links = await reader.ReadTreeLinksAsync(now, cancellationToken).ConfigureAwait(false);
        foreach (var (name, tree) in links.Subtrees.Where(each => !beforeIds.Contains(each.Tree)))
            next.Add((tree, beforeByName.TryGetValue(name, out var same) ? same : null));
        foreach (var blob in links.Blobs.Where(blob => !repository.Index.Contains(blob)))
            problems.Enqueue(new CheckProblem(CheckProblemKind.MissingBlob, blob.ToString(), now.ToString()));
    }
}
