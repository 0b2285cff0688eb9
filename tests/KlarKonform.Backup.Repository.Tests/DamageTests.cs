using System.Collections.Concurrent;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Restoring;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage;
using KlarKonform.Backup.Storage.Caching;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>What storage, disks and other programs do to a repository.</summary>
public sealed class DamageTests : IDisposable
{
    private const string Password = "damage";
    private readonly TemporaryFolder _folder = new();

    private StockRestic Restic => new(_folder["repo"], Password);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task One_flipped_bit_in_any_file_is_found_and_nothing_wrong_is_ever_restored()
    {
        var random = new Random(5);
        using (var repository = await InitializeAsync())
            await BackupAsync(repository, (1, 2_500_000), (2, 700_000), (3, 90_000));
        foreach (var file in Directory.GetFiles(_folder["repo"], "*", SearchOption.AllDirectories))
        {
            var sound = await File.ReadAllBytesAsync(file);
            for (var attempt = 0; attempt < 6; attempt++)
            {
                var damaged = sound.ToArray();
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                await File.WriteAllBytesAsync(file, damaged);
                Assert.True(await IsFoundAsync(), $"A flipped bit in {file} was not found.");
                await RestoreAsync(mustBeAll: false);
            }

            await File.WriteAllBytesAsync(file, sound);
        }

        Assert.False(await IsFoundAsync());
        await RestoreAsync(mustBeAll: true);
    }

    [Theory]
    [InlineData("index", RepositoryFile.Index, CheckProblemKind.DamagedIndex)]
    [InlineData("snapshots", RepositoryFile.Snapshot, CheckProblemKind.DamagedSnapshot)]
    public async Task A_file_that_a_cache_still_has_sound_is_checked_at_the_storage(
        string folder,
        RepositoryFile kind,
        CheckProblemKind expected
    )
    {
        using (await InitializeAsync()) { }

        using var repository = await ResticRepository.OpenAsync(
            new CachingObjectStore(
                new FolderObjectStore(_folder["repo"]),
                new FolderObjectStore(_folder["cache"], durable: false),
                ["index", "snapshots"]
            ),
            Password,
            default
        );
        await BackupAsync(repository, (1, 90_000));
        var checker = new RepositoryChecker(repository);
        Assert.Empty(await checker.CheckFilesAsync(kind, null, default));
        var file = Directory.GetFiles(_folder["repo", folder])[0];
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[40] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        await repository.Index.LoadAsync(default);
        Assert.Equal(expected, Assert.Single(await checker.CheckFilesAsync(kind, null, default)).Kind);
        Assert.Equal(expected, Assert.Single(await checker.CheckFilesAsync(kind, [BlobId.Parse(Path.GetFileName(file))], default)).Kind);
        File.Delete(file);
        Assert.Empty(await checker.CheckFilesAsync(kind, null, default));
        Assert.Equal(expected, Assert.Single(await checker.CheckFilesAsync(kind, [BlobId.Parse(Path.GetFileName(file))], default)).Kind);
    }

    [Fact]
    public async Task A_blob_that_two_writers_stored_is_read_from_the_sound_pack()
    {
        using (await InitializeAsync()) { }

        // Both have read the index before either wrote.
        using var one = await OpenAsync();
        using var other = await OpenAsync();
        await one.Index.LoadAsync(default);
        await other.Index.LoadAsync(default);
        var content = Noise(1, 400_000);
        foreach (var repository in (ResticRepository[])[one, other])
        {
            await using var writer = new RepositoryWriter(repository);
            await writer.SaveBlobAsync(BlobKind.Data, content, default);
            await writer.FlushAsync(default);
        }

        using var reading = await OpenAsync();
        await reading.Index.LoadAsync(default);
        var id = BlobId.Of(content);
        Assert.Single(reading.Index.Blobs.FindCopies(BlobHandle.Data(id)));
        foreach (var pack in Directory.GetFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories))
        {
            var sound = await File.ReadAllBytesAsync(pack);
            File.Delete(pack);
            Assert.Equal(content, await new RepositoryReader(reading).ReadBlobAsync(BlobHandle.Data(id), default));
            var batch = new ConcurrentBag<byte[]>();
            await new BatchReader(reading, 2).ReadAsync(
                [id],
                (_, plain, _) =>
                {
                    batch.Add(plain.ToArray());
                    return default;
                },
                (_, exception) => Assert.Fail(exception.Message),
                default
            );
            Assert.Equal(content, Assert.Single(batch));
            await File.WriteAllBytesAsync(pack, sound);
        }
    }

    [Fact]
    public async Task Two_writers_restic_and_a_pruner_at_once_lose_nothing()
    {
        BlobId first;
        using (var repository = await InitializeAsync())
            first = await BackupAsync(repository, (0, 500_000));
        var pruned = 0;
        using var done = new CancellationTokenSource();
        var pruner = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                using var repository = await OpenAsync();
                try
                {
                    await PruneAsync(repository, [.. (await SnapshotsAsync(repository)).Where(id => id == first)]);
                    pruned++;
                }
                catch (RepositoryException exception) when (exception.Kind == RepositoryErrorKind.Locked)
                {
                    await Task.Delay(5);
                }
            }
        });
        Directory.CreateDirectory(_folder["source"]);
        var restic = Task.Run(async () =>
        {
            for (var round = 0; round < 5; round++)
            {
                await File.WriteAllBytesAsync(_folder["source", $"{round}.bin"], Noise(1000 + round, 300_000));
                while (Restic.TryRun("backup", "--host", "restic", _folder["source"]).Code != 0)
                    await Task.Delay(20); // Locked by the pruner.
            }
        });
        var written = await Task.WhenAll(
            Enumerable
                .Range(1, 2)
                .Select(writer =>
                    Task.Run(async () =>
                    {
                        var saved = new List<BlobId>();
                        for (var round = 0; round < 12; round++)
                        {
                            using var repository = await OpenAsync();
                            try
                            {
                                saved.Add(await BackupAsync(repository, (writer * 100 + round, 600_000), (round % 3, 400_000)));
                            }
                            catch (RepositoryException exception) when (exception.Kind == RepositoryErrorKind.Locked)
                            {
                                await Task.Delay(20);
                                round--;
                            }
                        }

                        return saved;
                    })
                )
        );
        await restic;
        await done.CancelAsync();
        await pruner;
        Assert.True(pruned > 0);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        using var after = await OpenAsync();
        var left = await SnapshotsAsync(after);
        Assert.Empty(written.SelectMany(saved => saved).Except(left));
        Assert.Equal(5 + written.Sum(saved => saved.Count), left.Count(id => id != first));
    }

    [Fact]
    public async Task A_full_disk_ends_the_backup_and_the_repository_stays_sound()
    {
        using var disk = SmallDisk.TryMount(_folder["repo"], megabytes: 24);
        if (disk is null)
            Assert.Skip("Mounting a small tmpfs needs the right to mount.");
        using var repository = await InitializeAsync();
        await BackupAsync(repository, (1, 2_000_000));
        var failure = await Assert.ThrowsAsync<StorageException>(() =>
            BackupAsync(repository, [.. Enumerable.Range(2, 20).Select(seed => (seed, 3_000_000))])
        );
        Assert.Equal(StorageErrorKind.Full, failure.Kind);
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);

        // Space again: a prune removes what the failed run left behind, and the next backup is complete.
        using var again = await OpenAsync();
        await PruneAsync(again);
        await BackupAsync(again, (1, 2_000_000), (2, 3_000_000));
        Assert.Contains("no errors were found", Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_whose_making_was_cut_between_key_and_config_is_made_with_the_key_that_is_there()
    {
        using (await InitializeAsync())
            File.Delete(_folder["repo", "config"]);
        using (await InitializeAsync())
            Assert.Single(Directory.GetFiles(_folder["repo", "keys"]));
        using (await OpenAsync())
            Assert.Contains("no errors were found", Restic.Run("check"), StringComparison.Ordinal);

        // Another program's key without a config: nothing is written over it.
        File.Delete(_folder["repo", "config"]);
        var failure = await Assert.ThrowsAsync<RepositoryException>(() =>
            ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), "another", "u", "h", TimeProvider.System, default)
        );
        Assert.Equal(RepositoryErrorKind.WrongPassword, failure.Kind);
        Assert.False(File.Exists(_folder["repo", "config"]));
    }

    // A check fails, or the repository does not even open.
    private async Task<bool> IsFoundAsync()
    {
        try
        {
            using var repository = await OpenAsync();
            await repository.Index.LoadAsync(default);
            var checker = new RepositoryChecker(repository);
            var problems = new List<CheckProblem>([.. await checker.CheckKeysAsync(default), .. await checker.CheckPacksAsync(default)]);
            await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
                problems.AddRange(await checker.CheckTreesAsync([snapshot.Root], new HashSet<BlobId>(), default));
            problems.AddRange(await checker.CheckDataAsync(repository.Index.Blobs.PackSizes().Keys, null, default));
            return problems.Count > 0;
        }
        catch (RepositoryException)
        {
            return true;
        }
    }

    private async Task RestoreAsync(bool mustBeAll)
    {
        var target = _folder[$"restored-{Guid.NewGuid():N}"];
        Directory.CreateDirectory(target);
        var failures = new ConcurrentBag<Exception>();
        try
        {
            using var repository = await OpenAsync();
            await repository.Index.LoadAsync(default);
            await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
            {
                var nodes = await new RepositoryReader(repository).ReadTreeAsync(snapshot.Root, default);
                await new FileRestorer(repository, 2).RestoreAsync(
                    [.. nodes.Select(node => new FileToRestore(node, Path.Combine(target, node.Name), Overwrite: false))],
                    (_, failure) =>
                    {
                        if (failure is not null)
                            failures.Add(failure);
                    },
                    default
                );
            }
        }
        catch (RepositoryException exception)
        {
            failures.Add(exception);
        }

        // Some damage does not prevent restoring: a pack's header, a name in a key file. What is restored must be right.
        Assert.True(!mustBeAll || (failures.IsEmpty && Directory.GetFiles(target).Length == 3));
        foreach (var (seed, length) in ((int, int)[])[(1, 2_500_000), (2, 700_000), (3, 90_000)])
        {
            if (File.Exists(Path.Combine(target, $"{seed}.bin")))
                Assert.Equal(Noise(seed, length), await File.ReadAllBytesAsync(Path.Combine(target, $"{seed}.bin")));
        }

        Assert.DoesNotContain(Directory.GetFiles(target), file => file.EndsWith(".part", StringComparison.Ordinal));
        Directory.Delete(target, recursive: true);
    }

    private Task<ResticRepository> InitializeAsync() =>
        ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);

    private Task<ResticRepository> OpenAsync() => ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
}
