using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>What is only in retired packs can be read by us, and by no one else.</summary>
public sealed class RetiredBlobTests : IDisposable
{
    private const string Password = "p";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_tree_that_lies_in_a_retired_pack_alone_fails_the_check_of_a_snapshot_that_needs_it()
    {
        using var repository = await InitializeAsync();
        var root = await RetireAsync(repository);
        Assert.NotEqual(0, Restic.TryRun("check").Code);
        var problem = Assert.Single(await new RepositoryChecker(repository).CheckTreesAsync([root], new HashSet<BlobId>(), default));
        Assert.Equal((CheckProblemKind.DamagedTree, root.ToString()), (problem.Kind, problem.Name));

        // A restore takes it from wherever it is.
        Assert.Single(await new RepositoryReader(repository).ReadTreeAsync(root, default));
    }

    [Fact]
    public async Task A_tree_that_the_cache_has_and_the_index_lacks_is_no_tree_for_whoever_checks()
    {
        using var repository = await InitializeAsync();
        await using var cache = new FolderObjectStore(_folder["cache"], durable: false);
        var reader = new RepositoryReader(repository, treeCache: cache);
        var snapshot = await BackupAsync(repository, (1, OneChunk));
        var root = await RootOfAsync(repository, snapshot);
        await reader.ReadTreeAsync(root, default);
        Assert.Single((await reader.ReadTreeLinksAsync(root, mustBeStored: true, default)).Blobs);
        await RetireAsync(repository, snapshot);
        Assert.Single((await reader.ReadTreeLinksAsync(root, default)).Blobs);
        Assert.Equal(
            RepositoryErrorKind.Missing,
            (await Assert.ThrowsAsync<RepositoryException>(() => reader.ReadTreeLinksAsync(root, mustBeStored: true, default))).Kind
        );
    }

    private StockRestic Restic => new(_folder["repo"], Password);

    // Less than the smallest chunk (512 KiB): one blob, whatever the repository's polynomial is.
    private const int OneChunk = 400_000;

    private Task<ResticRepository> InitializeAsync() =>
        ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);

    // A writer without a lock names the root of a snapshot that a prune has removed meanwhile.
    private static async Task<BlobId> RetireAsync(ResticRepository repository, BlobId? made = null)
    {
        var snapshot = made ?? await BackupAsync(repository, (1, OneChunk));
        var root = await RootOfAsync(repository, snapshot);
        await BackupAsync(repository, (1, OneChunk), (2, 40_000));
        await using (var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default))
        {
            var pruner = new Pruner(repository, exclusive, TimeProvider.System);
            await pruner.ExecuteAsync(await pruner.PlanAsync([snapshot], [], default), default);
        }

        await SnapshotAsync(repository, root, DateTimeOffset.UtcNow);
        return root;
    }
}
