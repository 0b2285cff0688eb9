using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Repairing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>
/// Whatever both programs do to one repository, in any order, and whenever the plug is pulled: restic, of any year, finds no error.
/// </summary>
public sealed class SequenceTests : IDisposable
{
    private const string Password = "sequences";
    private readonly TemporaryFolder _folder = new();
    private string _version = StockRestic.Versions[0];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 50)];

    private StockRestic Restic => Peers.Restic(_version, _folder["repo"], Password);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Backup_forget_prune_repair_and_kill_in_any_order_leave_a_repository_without_errors(int seed)
    {
        var random = new Random(seed);
        _version = StockRestic.Versions[seed % StockRestic.Versions.Count];
        Directory.CreateDirectory(_folder["source"]);
        using (
            await ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default)
        ) { }

        using (var repository = await OpenAsync())
            await BackupAsync(repository, Files(random));
        for (var step = 0; step < 7; step++)
            await StepAsync(random);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    private async Task StepAsync(Random random)
    {
        using var repository = await OpenAsync();
        var snapshots = await SnapshotsAsync(repository);
        BlobId[] Some() => [.. snapshots.Where(_ => random.Next(3) == 0)];
        switch (random.Next(9))
        {
            case 0 or 1:
                await BackupAsync(repository, Files(random));
                break;
            case 2:
                await File.WriteAllBytesAsync(
                    _folder["source", $"{random.Next(6)}.bin"],
                    Noise(random.Next(12), random.Next(1, 5) * 300_000)
                );
                Restic.Run("backup", _folder["source"]);
                break;
            case 3:
                await PruneAsync(repository, Some());
                break;
            case 4 when snapshots.Count > 0:
                Restic.Run("forget", "--prune", snapshots[random.Next(snapshots.Count)].ToString());
                break;
            case 5:
                // A lost index, or a part of it.
                foreach (var index in Directory.GetFiles(_folder["repo", "index"]).Where(_ => random.Next(2) == 0))
                    File.Delete(index);
                await RepairIndexAsync(repository);
                break;
            case 6:
                await KillAsync(random, cut => PruneAsync(cut, Some()));
                break;
            case 7:
                await KillAsync(
                    random,
                    async cut =>
                    {
                        await using var exclusive = await RepositoryLock.AcquireAsync(cut, exclusive: true, TimeProvider.System, default);
                        await new IndexCompactor(cut, exclusive).CompactAsync(default);
                    }
                );
                break;
            default:
                await KillAsync(random, cut => BackupAsync(cut, Files(random)));
                break;
        }
    }

    // The storage goes away in the middle; the lock of the dead process stays.
    private async Task KillAsync(Random random, Func<ResticRepository, Task> work)
    {
        using (
            var cut = await ResticRepository.OpenAsync(
                new CutStore(new FolderObjectStore(_folder["repo"]), random.Next(15)),
                Password,
                default
            )
        )
            await Record.ExceptionAsync(() => work(cut));
        foreach (var left in Directory.GetFiles(_folder["repo", "locks"]))
            File.Delete(left); // What restic unlock does for a dead process; this one is alive and continues testing.
        if (random.Next(3) == 0)
            Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    private Task<ResticRepository> OpenAsync() => ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);

    private static (int Seed, int Length)[] Files(Random random) =>
        [.. Enumerable.Range(0, 4).Select(_ => (random.Next(12), random.Next(1, 5) * 300_000))];
}
