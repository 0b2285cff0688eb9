using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using Microsoft.Extensions.Time.Testing;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>A pack is only deleted if nothing has needed it for most of a day, and never because something was not listed.</summary>
public sealed class RetiredPackTests : IDisposable
{
    private const string Password = "p";
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    private StockRestic Restic => new(_folder["repo"], Password);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_nothing_needs_leaves_the_index_at_once_and_the_storage_with_the_prune_of_the_next_night()
    {
        using var repository = await InitializeAsync();
        var old = await BackupAsync(repository, (1, 3_000_000), (2, 40_000));
        await BackupAsync(repository, (2, 40_000));
        var packs = Packs();
        var first = await PruneTonightAsync(repository, old);
        Assert.Empty(first.Delete);
        Assert.NotEmpty(first.Retire);
        Assert.True(first.BytesRetired > 3_000_000, $"{first.BytesRetired}");
        Assert.Subset(Packs().ToHashSet(), packs.ToHashSet());
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromHours(22));
        Assert.Empty((await PruneTonightAsync(repository)).Delete);
        _time.Advance(TimeSpan.FromHours(2));
        var second = await PruneTonightAsync(repository);
        Assert.True(second.BytesRemoved > 3_000_000, $"{second.BytesRemoved}");
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromHours(24));
        var third = await PruneTonightAsync(repository);
        Assert.Equal((0, 0), (third.Delete.Count, third.Retire.Count));
    }

    [Fact]
    public async Task A_snapshot_of_a_writer_without_a_lock_that_refers_to_a_retired_pack_gets_it_back()
    {
        using var repository = await InitializeAsync();
        var old = await BackupAsync(repository, (1, 900_000));
        var root = await RootOfAsync(repository, old);
        await BackupAsync(repository, (2, 40_000));
        Assert.NotEmpty((await PruneTonightAsync(repository, old)).Retire);

        // It had read the index before, found everything stored, and only now writes its snapshot.
        await SnapshotAsync(repository, root, _time.GetUtcNow());
        _time.Advance(TimeSpan.FromHours(24));
        Assert.NotEmpty((await PruneTonightAsync(repository)).Recover);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packs_of_a_writer_without_a_lock_that_are_in_no_index_yet_stay_until_it_has_written_its_own()
    {
        using var repository = await InitializeAsync();
        await BackupAsync(repository, (2, 40_000));
        var kept = Directory.CreateDirectory(_folder["aside"]).FullName;
        var before = Directory.GetFiles(_folder["repo", "index"]).Concat(Directory.GetFiles(_folder["repo", "snapshots"])).ToHashSet();
        await BackupAsync(repository, (1, 900_000));
        var late = Directory
            .GetFiles(_folder["repo", "index"])
            .Concat(Directory.GetFiles(_folder["repo", "snapshots"]))
            .Where(file => !before.Contains(file))
            .ToArray();
        foreach (var file in late)
            File.Move(file, Path.Combine(kept, Path.GetFileName(file)));
        Assert.Equal(2, (await PruneTonightAsync(repository)).Retire.Count);
        foreach (var file in late)
            File.Move(Path.Combine(kept, Path.GetFileName(file)), file);
        _time.Advance(TimeSpan.FromHours(24));
        Assert.Empty((await PruneTonightAsync(repository)).Delete);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("snapshots", 1)]
    [InlineData("snapshots", 2)]
    [InlineData("snapshots", 3)]
    public async Task A_listing_of_snapshots_that_comes_back_empty_removes_nothing(string folder, int listing)
    {
        using (var repository = await InitializeAsync())
        {
            await BackupAsync(repository, (1, 900_000));
            await BackupAsync(repository, (2, 40_000));
        }

        var packs = Packs();
        var (count, blind) = (0, false);
        var store = new LyingStore(new FolderObjectStore(_folder["repo"]))
        {
            Shows = item => !blind || !item.Key.StartsWith("snapshots/", StringComparison.Ordinal),
        };
        store.Listing = listed => blind = listed == folder && ++count == listing;
        using var lied = await ResticRepository.OpenAsync(store, Password, default);
        var known = Directory.GetFiles(_folder["repo", "snapshots"]).Select(file => BlobId.Parse(Path.GetFileName(file))).ToArray();
        await using var exclusive = await RepositoryLock.AcquireAsync(lied, exclusive: true, _time, default);
        var pruner = new Pruner(lied, exclusive, _time, new PruneOptions { KeepRetired = TimeSpan.Zero });
        var refused = await Record.ExceptionAsync(async () =>
            await pruner.ExecuteAsync(await pruner.PlanAsync([known[0]], [known[1]], default), default)
        );
        Assert.Equal(RepositoryErrorKind.Doubtful, Assert.IsType<RepositoryException>(refused).Kind);
        Assert.Subset(Packs().ToHashSet(), packs.ToHashSet());
    }

    [Fact]
    public async Task A_snapshot_that_comes_between_plan_and_prune_finds_every_pack_in_the_index_still()
    {
        using var repository = await InitializeAsync();
        var old = await BackupAsync(repository, (1, 900_000));
        var root = await RootOfAsync(repository, old);
        await BackupAsync(repository, (2, 40_000));
        await using (var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, _time, default))
        {
            var pruner = new Pruner(repository, exclusive, _time, new PruneOptions { KeepRetired = TimeSpan.Zero });
            var plan = await pruner.PlanAsync([old], [], default);
            Assert.NotEmpty(plan.Delete);

            // A writer that takes no lock had found everything stored.
            await SnapshotAsync(repository, root, _time.GetUtcNow().AddMinutes(1));
            Assert.Equal(
                RepositoryErrorKind.Doubtful,
                (await Assert.ThrowsAsync<RepositoryException>(() => pruner.ExecuteAsync(plan, default))).Kind
            );
        }

        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Restic.Run("restore", "latest", "--target", _folder["out"]);
        Assert.Equal(Noise(1, 900_000), await File.ReadAllBytesAsync(_folder["out", "1.bin"]));
        await PruneAsync(repository);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_single_snapshot_beside_packs_nothing_is_unneeded()
    {
        using var repository = await InitializeAsync();
        await BackupAsync(repository, (1, 900_000));
        foreach (var file in Directory.GetFiles(_folder["repo", "snapshots"]))
            File.Delete(file);
        var refused = await Assert.ThrowsAsync<RepositoryException>(() => PruneAsync(repository));
        Assert.Equal(RepositoryErrorKind.Doubtful, refused.Kind);
        Assert.NotEmpty(Packs());
    }

    [Fact]
    public async Task A_folder_and_a_file_of_the_same_bytes_are_two_blobs_for_the_writer_and_for_the_pruner()
    {
        using var repository = await InitializeAsync();
        var emptyFolder = "{\"nodes\":[]}\n"u8.ToArray();
        await repository.Index.LoadAsync(default);
        BlobId root;
        await using (var writer = new RepositoryWriter(repository))
        {
            var tree = await writer.SaveTreeAsync([], default);
            using var content = new MemoryStream(emptyFolder);
            var file = await writer.SaveStreamAsync(content, default);
            Assert.Equal(tree, file.Blobs[0]);
            root = await writer.SaveTreeAsync(
                [
                    Node.NewDirectory("a", tree, DateTimeOffset.UnixEpoch),
                    Node.NewFile("b.json", (ulong)file.Size, file.Blobs, DateTimeOffset.UnixEpoch),
                ],
                default
            );
            await writer.FlushAsync(default);
        }

        await SnapshotAsync(repository, root, DateTimeOffset.UtcNow);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        var other = await BackupAsync(repository, (1, 900_000));
        await PruneAsync(repository, other);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Restic.Run("restore", "latest", "--target", _folder["out"]);
        Assert.Equal(emptyFolder, await File.ReadAllBytesAsync(_folder["out", "b.json"]));
        Assert.True(Directory.Exists(_folder["out", "a"]));

        // And restic's own prune finds no fault.
        Restic.Run("prune");
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restics_prune_and_repair_take_a_repository_with_retired_packs_as_their_own()
    {
        using var repository = await InitializeAsync();
        var old = await BackupAsync(repository, (1, 900_000), (2, 40_000));
        await BackupAsync(repository, (2, 40_000));
        Assert.NotEmpty((await PruneTonightAsync(repository, old)).Retire);
        Restic.Run("prune");
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromHours(24));
        await PruneTonightAsync(repository);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    private Task<ResticRepository> InitializeAsync() =>
        ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);

    private async Task<PrunePlan> PruneTonightAsync(ResticRepository repository, params BlobId[] forget)
    {
        await using var exclusive = await RepositoryLock.AcquireAsync(repository, exclusive: true, _time, default);
        var pruner = new Pruner(repository, exclusive, _time);
        var plan = await pruner.PlanAsync(forget, [], default);
        await pruner.ExecuteAsync(plan, default);
        return plan;
    }

    private string[] Packs() =>
        [
            .. Directory
                .EnumerateFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories)
                .Select(file => Path.GetFileName(file))
                .Order(),
        ];
}
