using System.Diagnostics;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Our locks and those of the stock program, next to each other.</summary>
public sealed class ResticLockTests : IDisposable
{
    private const string Password = "locks";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_exclusive_lock_of_restic_keeps_us_out_and_ours_keeps_restics_prune_out()
    {
        var store = new FolderObjectStore(_folder["repo"]);
        using var repository = await ResticRepository.InitializeAsync(store, Password, "u", "h", TimeProvider.System, default);
        await using (await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default))
        {
            var (code, _, errors) = new StockRestic(_folder["repo"], Password).TryRun("prune");
            Assert.NotEqual(0, code);
            Assert.Contains("already locked", errors, StringComparison.Ordinal);
            var refused = await Assert.ThrowsAsync<RepositoryException>(() =>
                RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default)
            );
            Assert.Equal(RepositoryErrorKind.Locked, refused.Kind);
            await using var second = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
        }

        Assert.Empty(Directory.GetFiles(_folder["repo", "locks"]));
    }

    [Fact]
    public async Task A_restic_that_writes_keeps_our_prune_out_and_a_killed_one_is_found_dead_by_watching()
    {
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            Password,
            "u",
            "h",
            TimeProvider.System,
            default
        );
        using var restic = Process.Start(Backup())!;
        while (!IsLocked())
            await Task.Delay(5);
        var refused = await Assert.ThrowsAsync<RepositoryException>(() =>
            RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default)
        );
        Assert.Equal((RepositoryErrorKind.Locked, restic.Id), (refused.Kind, refused.Holder?.ProcessId));
        await using (await RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, new Random(1), default))
            await restic.StandardInput.WriteAsync("both write");
        restic.StandardInput.Close();
        await restic.WaitForExitAsync();
        Assert.Equal(0, restic.ExitCode);

        using var killed = Process.Start(Backup())!;
        while (!IsLocked())
            await Task.Delay(5);
        killed.Kill();
        await killed.WaitForExitAsync();
        await Assert.ThrowsAsync<RepositoryException>(() =>
            RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default)
        );

        // Some hours later, watched by a clock that runs fast.
        var later = new JumpingTime(new BriskTime(400));
        later.Jump(TimeSpan.FromHours(3));
        using var again = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        await using (await RepositoryLock.AcquireAsync(again, exclusive: true, later, default))
            Assert.Single(Directory.GetFiles(_folder["repo", "locks"]));
        Assert.Contains(
            "no errors were found",
            new StockRestic(_folder["repo"], Password).Run("check", "--read-data"),
            StringComparison.Ordinal
        );

        // A complete file, not one being written.
        bool IsLocked() =>
            Directory.Exists(_folder["repo", "locks"])
            && Directory.GetFiles(_folder["repo", "locks"]).Any(file => Path.GetFileName(file).Length == 64);

        ProcessStartInfo Backup()
        {
            var start = new ProcessStartInfo("restic", ["-r", _folder["repo"], "--no-cache", "backup", "--stdin"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["RESTIC_PASSWORD"] = Password;
            return start;
        }
    }

    [Fact]
    public async Task What_restic_unlocked_and_pruned_under_our_hands_is_no_snapshot()
    {
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            Password,
            "u",
            "h",
            TimeProvider.System,
            default
        );
        await BackupAsync(repository, (1, 100_000));
        var restic = new StockRestic(_folder["repo"], Password);
        await using var held = await RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, new Random(1), default);
        restic.Run("unlock"); // Ours is alive, and it sees that.
        await held.ThrowIfLostAsync();
        await repository.Index.LoadAsync(default);
        await using var writer = new RepositoryWriter(repository, new WriterOptions { Held = held });
        using var content = new MemoryStream(Noise(2, 100_000));
        var saved = await writer.SaveStreamAsync(content, default);
        var root = await writer.SaveTreeAsync([Node.NewFile("second", (ulong)saved.Size, saved.Blobs, DateTimeOffset.UtcNow)], default);
        await writer.FlushAsync(default);

        restic.Run("unlock", "--remove-all");
        restic.Run("prune", "--max-unused", "0");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held.ThrowIfLostAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            held.SaveSnapshotAsync(
                new Snapshot
                {
                    Time = Json.NanoTime.From(DateTimeOffset.UtcNow).ToString(),
                    Tree = root.ToString(),
                    Paths = ["/Daily"],
                    Hostname = "tenant",
                },
                default
            )
        );
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder["repo", "snapshots"]));
    }
}
