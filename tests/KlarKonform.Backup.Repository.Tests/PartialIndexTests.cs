using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Repairing;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Only as much of a large index is read as needed, and nothing is lost by it.</summary>
public sealed class PartialIndexTests : IDisposable
{
    private const string Password = "partial";
    private const int Blobs = 6000;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Trees_and_state_are_found_without_the_index_of_the_content()
    {
        var (root, content, state) = await MakeAsync();
        using var repository = await OpenAsync();
        var whole = repository.Index.UnreadBytes;
        var reader = new RepositoryReader(repository);
        Assert.Single(await reader.ReadTreeAsync(root, default));
        await reader.ReadBlobAsync(BlobHandle.Data(state), default);
        Assert.InRange(repository.Index.UnreadBytes, whole * 3 / 4, whole - 1);

        // Content is found too, at the price of reading on.
        Assert.Equal(Noise(7), await reader.ReadBlobAsync(BlobHandle.Data(content), default));
        Assert.False(await repository.Index.ContainsAsync(BlobHandle.Data(BlobId.Of([1])), default));
        Assert.Equal(0, repository.Index.UnreadBytes);
    }

    [Theory]
    [InlineData(1 << 20, true)]
    [InlineData(1 << 10, false)]
    public async Task What_is_stored_twice_is_bounded_by_the_unread_index_or_by_memory_valid_and_gone_after_a_prune(
        long maxUnread,
        bool reads
    )
    {
        var (root, _, _) = await MakeAsync();
        using (var repository = await OpenAsync())
        {
            var unread = repository.Index.UnreadBytes;
            await using var writer = new RepositoryWriter(repository, new WriterOptions { MaxUnreadIndex = maxUnread });
            for (var i = 0; i < Blobs; i++)
                await writer.SaveBlobAsync(BlobKind.Data, Noise(i), default);
            await writer.FlushAsync(default);
            Assert.Equal(reads ? 0 : unread, repository.Index.UnreadBytes);
            Assert.InRange(writer.BlobsStored, 1, reads ? (unread / 40) + 1 : Blobs);
        }

        var restic = new StockRestic(_folder["repository"], Password);
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);

        await using var store = new FolderObjectStore(_folder["repository"], durable: false);
        using var again = await ResticRepository.OpenAsync(store, Password, default);
        await again.Index.LoadAsync(default);
        await using (var exclusive = await RepositoryLock.AcquireAsync(again, exclusive: true, TimeProvider.System, default))
        {
            var pruner = new Pruner(again, exclusive, TimeProvider.System, new PruneOptions { KeepRetired = TimeSpan.Zero });
            await pruner.ExecuteAsync(await pruner.PlanAsync([], [], default), default);
            await new IndexCompactor(again, exclusive).CompactAsync(default);
        }

        await again.Index.OpenAsync(default, eagerBytes: 0);
        Assert.Single(await new RepositoryReader(again).ReadTreeAsync(root, default));
        Assert.True(again.Index.UnreadBytes > 0);
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        await again.Index.CompleteAsync(default);
        Assert.InRange(again.Index.Blobs.Count, Blobs, Blobs + 10);
        Assert.All(again.Index.Blobs.ByPack().SelectMany(pack => pack).GroupBy(blob => blob.Id), copies => Assert.Single(copies));
    }

    [Fact]
    public async Task A_census_tells_a_lost_and_a_cut_file_from_the_files_of_before()
    {
        await MakeAsync();
        await using var store = new FolderObjectStore(_folder["repository"], durable: false);
        using var repository = await ResticRepository.OpenAsync(store, Password, default);
        var checker = new RepositoryChecker(repository);
        var none = new Dictionary<BlobId, long>();
        var before = await checker.CountAsync(RepositoryFile.Data, none, default);
        Assert.True(FileSetDigest.TryParse(before.ToString(), out var parsed));
        Assert.Equal(before, parsed);
        Assert.False(FileSetDigest.TryParse("12", out _));
        Assert.Empty(await checker.CheckSampleOfPacksAsync(3, new Random(1), default));

        var pack = Directory.EnumerateFiles(_folder["repository", "data"], "*", SearchOption.AllDirectories).First();
        var bytes = await File.ReadAllBytesAsync(pack);
        File.SetAttributes(pack, FileAttributes.Normal);
        await File.WriteAllBytesAsync(pack, bytes[..^1]);
        Assert.NotEqual(before, await checker.CountAsync(RepositoryFile.Data, none, default));
        Assert.NotEmpty(await checker.CheckSampleOfPacksAsync(100, new Random(1), default));
        File.Delete(pack);
        Assert.NotEqual(before, await checker.CountAsync(RepositoryFile.Data, none, default));
    }

    private async Task<(BlobId Root, BlobId Content, BlobId State)> MakeAsync()
    {
        await using var store = new FolderObjectStore(_folder["repository"], durable: false);
        await store.PrepareAsync(create: true, default);
        using var repository = await ResticRepository.InitializeAsync(store, Password, "u", "h", TimeProvider.System, default);
        await using var writer = new RepositoryWriter(repository);
        var pieces = new List<BlobId>();
        for (var i = 0; i < Blobs; i++)
            pieces.Add(await writer.SaveBlobAsync(BlobKind.Data, Noise(i), default));
        using var state = new MemoryStream(Noise(Blobs + 1));
        var saved = await writer.SaveStateAsync(state, default);
        var root = await writer.SaveTreeAsync([Node.NewFile("alles", Blobs * 40, pieces, DateTimeOffset.UnixEpoch)], default);
        var root2 = await writer.SaveTreeAsync(
            [
                Node.NewDirectory("alles", root, DateTimeOffset.UnixEpoch),
                Node.NewFile("zustand", 40, saved.Blobs, DateTimeOffset.UnixEpoch),
            ],
            default
        );
        await writer.FlushAsync(default);
        await repository.SaveSnapshotAsync(
            new Snapshots.Snapshot
            {
                Time = Json.NanoTime.From(DateTimeOffset.UtcNow).ToString(),
                Tree = root2.ToString(),
                Paths = ["/x"],
                Hostname = "h",
            },
            default
        );
        return (root, pieces[7], saved.Blobs[0]);
    }

    private async Task<ResticRepository> OpenAsync()
    {
        var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repository"], durable: false), Password, default);
        await repository.Index.OpenAsync(default, eagerBytes: 0);
        return repository;
    }

    private static byte[] Noise(int seed) => RepositoryScenario.Noise(seed, 40);
}
