using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Packs are as large as the writer is told; all sizes can coexist.</summary>
public sealed class PackSizeTests : IDisposable
{
    private const string Password = "packs";
    private const int MiB = 1 << 20;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(32)]
    public async Task Packs_are_closed_at_the_size_that_was_asked_for(int size)
    {
        using var repository = await CreateAsync();
        await WriteAsync(repository, 1, 40 * MiB, new WriterOptions { PackSize = size * MiB });

        // A chunk has up to 8 MiB. One that does not fit into the rest of a pack closes it, one larger than a pack becomes a pack of its
        // own.
        Assert.InRange(Sizes().Max(), (long)(size * 0.6 * MiB), (Math.Max(size + 1L, 8) * MiB) + 1000);
        new StockRestic(_folder["repo"], Password).Run("check", "--read-data");
    }

    [Fact]
    public async Task A_repository_with_packs_of_several_sizes_is_pruned_into_the_size_of_today()
    {
        using var repository = await CreateAsync();
        var kept = await WriteAsync(repository, 1, 12 * MiB, new WriterOptions { PackSize = 16 * MiB }, (2, 12 * MiB));
        var gone = await WriteAsync(repository, 3, 2 * MiB, new WriterOptions { PackSize = 4 * MiB });
        await using (var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default))
        {
            var pruner = new Pruner(
                repository,
                exclusive,
                TimeProvider.System,
                new PruneOptions
                {
                    KeepRetired = TimeSpan.Zero,
                    Writer = new WriterOptions { PackSize = 4 * MiB },
                }
            );
            await pruner.ExecuteAsync(await pruner.PlanAsync([gone], [], default), default);
        }

        var restic = new StockRestic(_folder["repo"], Password);
        restic.Run("check", "--read-data");
        restic.Run("restore", kept.ToString(), "--target", _folder["restored"]);
        Assert.Equal(Noise(1, 12 * MiB), await File.ReadAllBytesAsync(_folder["restored", "1.bin"]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData((4 * MiB) - 1)]
    [InlineData((128 * MiB) + 1)]
    public void A_size_that_restic_would_not_take_is_refused(int bytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new WriterOptions { PackSize = bytes });

    private Task<ResticRepository> CreateAsync() =>
        ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);

    private IEnumerable<long> Sizes() =>
        new DirectoryInfo(_folder["repo", "data"]).EnumerateFiles("*", SearchOption.AllDirectories).Select(file => file.Length);

    private static async Task<BlobId> WriteAsync(
        ResticRepository repository,
        int seed,
        int length,
        WriterOptions options,
        params (int Seed, int Length)[] more
    )
    {
        await using var held = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
        await repository.Index.LoadAsync(default);
        await using var writer = new RepositoryWriter(repository, options);
        var nodes = new SortedDictionary<string, Node>(TreeJson.NameOrder);
        foreach (var (number, bytes) in more.Prepend((seed, length)))
        {
            using var stream = new MemoryStream(Noise(number, bytes));
            var saved = await writer.SaveStreamAsync(stream, default);
            nodes[$"{number}.bin"] = Node.NewFile($"{number}.bin", (ulong)saved.Size, saved.Blobs, DateTimeOffset.UnixEpoch);
        }

        var root = await writer.SaveTreeAsync(nodes.Values, default);
        await writer.FlushAsync(default);
        return await SnapshotAsync(repository, root, DateTimeOffset.UtcNow);
    }
}
