using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Pruning;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

public sealed class PruneTests : IDisposable
{
    private const string Password = "p";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private StockRestic Restic => new(_folder["repo"], Password);

    [Fact]
    public async Task What_only_a_forgotten_snapshot_needed_goes_and_the_rest_stays_readable()
    {
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            Password,
            "u",
            "h",
            TimeProvider.System,
            default
        );
        var old = await BackupAsync(repository, (1, 3_000_000), (2, 40_000), (3, 50_000));
        await BackupAsync(repository, (2, 40_000), (4, 60_000));
        var plan = await PruneAsync(repository, old);
        Assert.True(plan.BytesFreed > 2_900_000, $"{plan.BytesFreed}");
        Assert.NotEmpty(plan.Repack);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Restic.Run("restore", "latest", "--target", _folder["out"]);
        Assert.Equal(Noise(2, 40_000), await File.ReadAllBytesAsync(_folder["out", "2.bin"]));
        Assert.Equal(Noise(4, 60_000), await File.ReadAllBytesAsync(_folder["out", "4.bin"]));

        // Nothing is left to do, for us and for restic.
        using var again = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        Assert.Equal(0, (await PlanAsync(again)).BytesRemoved);
    }

    [Fact]
    public async Task A_plan_touches_nothing()
    {
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            Password,
            "u",
            "h",
            TimeProvider.System,
            default
        );
        var old = await BackupAsync(repository, (1, 100_000));
        var before = Files();
        Assert.True((await PlanAsync(repository, old)).BytesRemoved > 100_000);
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task A_shared_lock_is_not_enough()
    {
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            Password,
            "u",
            "h",
            TimeProvider.System,
            default
        );
        await using var shared = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
        Assert.Throws<ArgumentException>(() => new Pruner(repository, shared, TimeProvider.System));
    }

    [Fact]
    public async Task A_repository_that_misses_something_needed_is_not_pruned()
    {
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            Password,
            "u",
            "h",
            TimeProvider.System,
            default
        );
        await BackupAsync(repository, (1, 3_000_000));
        File.Delete(
            Directory.EnumerateFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!
        );
        var before = Files();
        Assert.Equal(RepositoryErrorKind.Missing, (await Assert.ThrowsAsync<RepositoryException>(() => PlanAsync(repository))).Kind);
        Assert.Equal(before, Files());
    }

    private string[] Files() =>
        [
            .. Directory
                .EnumerateFiles(_folder["repo"], "*", SearchOption.AllDirectories)
                .Where(file => !file.Contains("locks", StringComparison.Ordinal))
                .Order(),
        ];
}
