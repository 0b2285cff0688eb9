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

    // Walks both trees side by side and skips what is the same: those trees were checked when they were new.
    private async Task<List<CheckProblem>> CheckNewTreesAsync(BlobId root, BlobId? previousRoot, CancellationToken cancellationToken)
    {
        var reader = new RepositoryReader(repository);
        var problems = new List<CheckProblem>();
        var pending = new Stack<(BlobId Now, BlobId? Before)>([(root, previousRoot)]);
        while (pending.TryPop(out var pair))
        {
            if (pair.Now == pair.Before)
                continue;
            try
            {
                var before = pair.Before is { } old ? await reader.ReadTreeAsync(old, cancellationToken).ConfigureAwait(false) : [];
                var beforeByName = before.Where(node => node.Subtree is not null).ToDictionary(node => node.Name, node => node.Subtree!.Value);
                var beforeIds = beforeByName.Values.ToHashSet();
                foreach (var node in await reader.ReadTreeAsync(pair.Now, cancellationToken).ConfigureAwait(false))
                {
                    if (node.Subtree is { } subtree && !beforeIds.Contains(subtree))
                        pending.Push((subtree, beforeByName.TryGetValue(node.Name, out var same) ? same : null));
                    problems.AddRange((node.Content ?? []).Where(blob => !repository.Index.Contains(blob))
                        .Select(blob => new CheckProblem(CheckProblemKind.MissingBlob, blob.ToString(), node.Name)));
                }
            }
            catch (RepositoryException exception)
            {
                problems.Add(new CheckProblem(CheckProblemKind.DamagedTree, pair.Now.ToString(), exception.Message));
            }
        }

        return problems;
    }
}
