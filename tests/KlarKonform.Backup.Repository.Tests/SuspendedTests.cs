using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>
/// A process that is suspended for long, at any step, is taken for dead, and others continue. When it wakes up, it does what it was about
/// to do; whatever that is, restic finds no error then, nor after the next backup.
/// </summary>
public sealed class SuspendedTests : IDisposable
{
    private const string Password = "suspended";
    private readonly TemporaryFolder _folder = new();
    private readonly JumpingTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task In_the_middle_of_a_prune()
    {
        for (
            var change = 0;
            await PlayAsync(
                change,
                async sleeper => await PruneAsync(sleeper, _time, (await OldestAsync(sleeper))),
                async others => await BackupAsync(others, (1, 900_000), (9, 70_000))
            );
            change++
        )
        {
            // Until no such change is left.
        }
    }

    [Fact]
    public async Task In_the_middle_of_a_backup()
    {
        for (
            var change = 0;
            await PlayAsync(
                change,
                async sleeper => await BackupAsync(sleeper, _time, (5, 800_000), (6, 60_000)),
                async others => await PruneAsync(others, await OldestAsync(others))
            );
            change++
        )
        {
            // Until no such change is left.
        }
    }

    private async Task<bool> PlayAsync(int change, Func<ResticRepository, Task> sleeps, Func<ResticRepository, Task> others)
    {
        var folder = _folder[$"{Guid.NewGuid():N}"];
        using (
            var first = await ResticRepository.InitializeAsync(
                new FolderObjectStore(folder),
                Password,
                "u",
                "h",
                TimeProvider.System,
                default
            )
        )
        {
            await BackupAsync(first, (1, 900_000), (2, 40_000));
            await BackupAsync(first, (2, 40_000), (3, 50_000));
        }

        Task? doing = null;
        await using var store = new PausedStore(
            new FolderObjectStore(folder),
            change,
            async () =>
            {
                // Watched for as long as it takes, and removed; the sleeper's clock is some hours ahead.
                _time.Jump(TimeSpan.FromHours(3));
                foreach (var file in Directory.GetFiles(Path.Combine(folder, "locks")))
                    File.Delete(file);
                using var awake = await OpenAsync(folder);
                await (doing = others(awake));
            }
        );
        using (var sleeper = await ResticRepository.OpenAsync(store, Password, default))
        {
            var failure = await Record.ExceptionAsync(() => sleeps(sleeper));
            Assert.True(failure is null or OperationCanceledException, failure?.ToString());
            Assert.True(store.HasPaused || failure is null);
        }

        if (doing is not null)
            await doing;
        var restic = new StockRestic(folder, Password);
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        using (var next = await OpenAsync(folder))
            await BackupAsync(next, (1, 900_000), (2, 40_000), (5, 800_000), (6, 60_000), (9, 70_000));
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        return store.HasPaused;
    }

    private static Task<ResticRepository> OpenAsync(string folder) =>
        ResticRepository.OpenAsync(new FolderObjectStore(folder), Password, default);

    private static async Task<BlobId> OldestAsync(ResticRepository repository)
    {
        var snapshots = new List<(BlobId Id, DateTimeOffset Taken)>();
        await foreach (var (id, snapshot) in repository.SnapshotsAsync(default))
            snapshots.Add((id, snapshot.Taken));
        return snapshots.MinBy(each => each.Taken).Id;
    }
}
