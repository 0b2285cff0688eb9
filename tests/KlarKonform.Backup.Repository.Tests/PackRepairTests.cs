using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Repairing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>What a repair removes because it is damaged is never put back.</summary>
public sealed class PackRepairTests : IDisposable
{
    private const string Password = "p";
    private readonly TemporaryFolder _folder = new();

    private StockRestic Restic => new(_folder["repo"], Password);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Neither_prune_nor_index_repair_brings_back_a_pack_that_a_repair_took_out_though_snapshots_need_it(bool repairsIndex)
    {
        using var repository = await InitializeAsync();
        var damaged = await BackupAsync(repository, (1, 900_000));
        var pack = LargestPack();
        await FillAsync(pack, from: 0);
        var plan = await RepairPackAsync(repository, pack);
        Assert.Equal((0, true), (plan.Intact, plan.Lost.Count > 0));
        if (repairsIndex)
            Assert.True((await RepairIndexAsync(repository)).IsClean);
        Assert.All(plan.Lost, blob => Assert.False(repository.Index.Blobs.Contains(blob)));

        // Nothing is removed while a snapshot needs what is lost.
        Assert.Equal(
            RepositoryErrorKind.Missing,
            (await Assert.ThrowsAsync<RepositoryException>(() => PruneTonightAsync(repository))).Kind
        );
        await repository.Index.LoadAsync(default);
        Assert.All(plan.Lost, blob => Assert.False(repository.Index.Blobs.Contains(blob)));

        // A backup that has it stores it again, and the pack is removed.
        await BackupAsync(repository, (1, 900_000));
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        await PruneAsync(repository, damaged);
        Assert.False(File.Exists(pack));
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_retired_pack_that_is_damaged_and_needed_again_does_not_come_back()
    {
        using var repository = await InitializeAsync();
        var old = await BackupAsync(repository, (1, 900_000));
        var root = await RootOfAsync(repository, old);
        var pack = LargestPack();
        var file = new FileInfo(pack);
        await BackupAsync(repository, (2, 40_000));
        await PruneTonightAsync(repository, old);
        await FillAsync(pack, from: 0);
        var again = await SnapshotAsync(repository, root, DateTimeOffset.UtcNow);
        Assert.Equal(
            RepositoryErrorKind.Missing,
            (await Assert.ThrowsAsync<RepositoryException>(() => PruneTonightAsync(repository))).Kind
        );
        await RepairIndexAsync(repository);
        Assert.DoesNotContain(BlobId.Parse(file.Name), repository.Index.Blobs.PackSizes().Keys);

        // And it does not prevent a prune once nothing needs it.
        await PruneAsync(repository, again);
        Assert.False(File.Exists(pack));
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_damaged_or_lost_pack_held_is_taken_from_a_retired_one_that_holds_it_too(bool isLost)
    {
        using var repository = await InitializeAsync();
        var old = await BackupAsync(repository, (1, 400_000), (5, 400_000), (6, 400_000));
        await BackupAsync(repository, (2, 40_000));
        await PruneTonightAsync(repository, old);
        await BackupAsync(repository, (1, 400_000));
        var blob = BlobHandle.Data(BlobId.Of(Noise(1, 400_000)));
        Assert.True(repository.Index.Blobs.TryFind(blob, out var id, out _));
        var pack = _folder["repo", "data", id.ToString()[..2], id.ToString()];
        if (isLost)
        {
            File.Delete(pack);
            await PruneTonightAsync(repository);
        }
        else
        {
            await FillAsync(pack, from: 0);
            Assert.Equal((1, 0), await RepairPackAsync(repository, pack) is var plan ? (plan.Intact, plan.Lost.Count) : default);
        }

        Assert.True(repository.Index.Blobs.Contains(blob));
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_can_be_read_of_a_damaged_pack_is_saved_once_and_the_rest_of_it_is_named()
    {
        using var repository = await InitializeAsync();
        await BackupAsync(repository, [.. Enumerable.Range(1, 30).Select(seed => (seed, 30_000))]);
        var pack = LargestPack();
        await FillAsync(pack, from: (int)new FileInfo(pack).Length / 2);
        var plan = await RepairPackAsync(repository, pack);
        Assert.True(plan is { Intact: > 3, Lost.Count: > 3 }, $"{plan.Intact}, {plan.Lost.Count}");
        Assert.All(plan.Lost, blob => Assert.False(repository.Index.Blobs.TryFind(blob, out _, out _)));
        Assert.True((await RepairIndexAsync(repository)).IsClean);
        await BackupAsync(repository, [.. Enumerable.Range(1, 30).Select(seed => (seed, 30_000))]);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        await PruneAsync(repository);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_blob_that_stands_twice_in_a_pack_either_place_will_do()
    {
        using var repository = await InitializeAsync();
        await BackupAsync(repository, (2, 40_000));
        var content = Noise(7, 300_000);
        var pack = WriteTwice(content);
        await repository.Index.LoadAsync(default);
        var blob = BlobHandle.Data(BlobId.Of(content));
        Assert.Empty(await new RepositoryChecker(repository).CheckDataAsync(repository.Index.Blobs.PackSizes().Keys, null, default));

        // The first location, and not the second one, is damaged.
        var bytes = await File.ReadAllBytesAsync(pack);
        RandomNumberGenerator.Fill(bytes.AsSpan(100, 1000));
        await File.WriteAllBytesAsync(pack, bytes);
        Assert.Equal(content, await new RepositoryReader(repository).ReadBlobAsync(blob, default));
        var plan = await RepairPackAsync(repository, pack);
        Assert.Equal((1, 0), (plan.Intact, plan.Lost.Count));
        Assert.True(repository.Index.Blobs.TryFind(blob, out var saved, out _));
        Assert.NotEqual(Path.GetFileName(pack), saved.ToString());
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    private Task<ResticRepository> InitializeAsync() =>
        ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);

    private string LargestPack() =>
        Directory.EnumerateFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;

    // The file keeps its size.
    private static async Task FillAsync(string pack, int from)
    {
        var bytes = await File.ReadAllBytesAsync(pack);
        RandomNumberGenerator.Fill(bytes.AsSpan(from));
        await File.WriteAllBytesAsync(pack, bytes);
    }

    private static async Task<PackRepairPlan> RepairPackAsync(ResticRepository repository, string pack)
    {
        await using var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default);
        var repairer = new PackRepairer(repository, exclusive, TimeProvider.System);
        var plan = await repairer.PlanAsync([BlobId.Parse(Path.GetFileName(pack))], default);
        await repairer.ExecuteAsync(plan, default);
        return plan;
    }

    private static async Task PruneTonightAsync(ResticRepository repository, params BlobId[] forget)
    {
        await using var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default);
        var pruner = new Pruner(repository, exclusive, TimeProvider.System);
        await pruner.ExecuteAsync(await pruner.PlanAsync(forget, [], default), default);
    }

    // As in the format's specification ("Pack Format", "Indexing"): each blob sealed on its own, followed by the header.
    private string WriteTwice(byte[] content)
    {
        using var key = ForeignProgram.OpenKey(_folder["repo"], Password);
        var length = content.Length + CryptoKey.Overhead;
        var id = SHA256.HashData(content);
        var header = new byte[2 * 37];
        for (var entry = 0; entry < 2; entry++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan((entry * 37) + 1), (uint)length);
            id.CopyTo(header, (entry * 37) + 5);
        }

        var pack = new byte[(2 * length) + header.Length + CryptoKey.Overhead + 4];
        key.Seal(content, pack.AsSpan(0, length));
        key.Seal(content, pack.AsSpan(length, length));
        key.Seal(header, pack.AsSpan(2 * length, header.Length + CryptoKey.Overhead));
        BinaryPrimitives.WriteInt32LittleEndian(pack.AsSpan(pack.Length - 4), header.Length + CryptoKey.Overhead);
        var name = Convert.ToHexString(SHA256.HashData(pack)).ToLowerInvariant();
        var path = _folder["repo", "data", name[..2], name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, pack);
        var hex = Convert.ToHexString(id).ToLowerInvariant();
        ForeignProgram.Write(
            _folder["repo"],
            Password,
            "index",
            JsonSerializer.Serialize(
                new
                {
                    packs = new[]
                    {
                        new
                        {
                            id = name,
                            blobs = new[]
                            {
                                new
                                {
                                    id = hex,
                                    type = "data",
                                    offset = 0,
                                    length,
                                },
                                new
                                {
                                    id = hex,
                                    type = "data",
                                    offset = length,
                                    length,
                                },
                            },
                        },
                    },
                }
            )
        );
        return path;
    }
}
