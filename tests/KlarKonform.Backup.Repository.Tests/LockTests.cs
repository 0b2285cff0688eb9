using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Who may work on a repository beside whom, and when a lock is worth nothing any more.</summary>
public sealed class LockTests : IDisposable
{
    private const string Password = "locks";
    private readonly TemporaryFolder _folder = new();

    private StockRestic Restic => new(_folder["repo"], Password);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_lock_that_nobody_renews_goes_stale_and_is_taken_away()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var repository = await InitializeAsync();
        ForeignProgram.WriteLock(_folder["repo"], Password, Environment.ProcessId, "another-host");
        var failure = await Assert.ThrowsAsync<RepositoryException>(() => RepositoryLock.AcquireAsync(repository, exclusive: true, time, default));
        Assert.Contains("another-host", failure.Message, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromMinutes(31));
        await using (await RepositoryLock.AcquireAsync(repository, exclusive: true, time, default))
            Assert.Single(Directory.GetFiles(_folder["repo", "locks"]));
        Assert.Empty(Directory.GetFiles(_folder["repo", "locks"]));
    }

    [Fact]
    public async Task The_lock_of_a_process_of_this_machine_that_is_gone_is_taken_away_at_once()
    {
        using var repository = await InitializeAsync();
        using (var brief = System.Diagnostics.Process.Start("restic", "version"))
        {
            await brief.WaitForExitAsync();
            ForeignProgram.WriteLock(_folder["repo"], Password, brief.Id, Environment.MachineName);
        }

        await using (await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default))
            Assert.Single(Directory.GetFiles(_folder["repo", "locks"]));
        ForeignProgram.WriteLock(_folder["repo"], Password, Environment.ProcessId, Environment.MachineName);
        await Assert.ThrowsAsync<RepositoryException>(() => RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default));
    }

    [Fact]
    public async Task Who_slept_longer_than_his_lock_lives_saves_no_snapshot()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var repository = await InitializeAsync();
        await using var held = await RepositoryLock.AcquireAsync(repository, exclusive: false, time, default);
        await held.ThrowIfLostAsync();
        File.Delete(Assert.Single(Directory.GetFiles(_folder["repo", "locks"]))); // As a pruner elsewhere does with a dead lock.
        time.SetUtcNow(time.GetUtcNow().AddMinutes(40));
        await Assert.ThrowsAsync<OperationCanceledException>(held.ThrowIfLostAsync);
        Assert.True(held.Lost.IsCancellationRequested);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(60 * 24 * 365)]
    [InlineData(-90)]
    public async Task A_clock_that_jumps_costs_nobody_a_lock_that_all_respected(int minutes)
    {
        var time = new JumpingTime();
        using var repository = await InitializeAsync();
        await using var held = await RepositoryLock.ClaimAsync(repository, "backup:one", time, new Random(1), default);
        time.Jump(TimeSpan.FromMinutes(minutes));
        await held.ThrowIfLostAsync();
        Assert.Single(Directory.GetFiles(_folder["repo", "locks"]));
    }

    [Fact]
    public async Task Two_of_one_purpose_exclude_each_other_and_the_second_learns_who_holds_it()
    {
        using var repository = await InitializeAsync();
        await using (await RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, new Random(1), default))
        {
            var failure = await Assert.ThrowsAsync<RepositoryException>(() => RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, new Random(2), default));
            Assert.Equal((RepositoryErrorKind.PurposeTaken, Environment.ProcessId, Environment.MachineName), (failure.Kind, failure.Holder?.ProcessId, failure.Holder?.Host));
            await using var other = await RepositoryLock.ClaimAsync(repository, "backup:two", TimeProvider.System, new Random(2), default);
            await using var writer = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
            await Assert.ThrowsAsync<RepositoryException>(() => RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default));
        }

        await using var next = await RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, new Random(2), default);
        Restic.Run("list", "locks"); // Stock restic reads what we wrote into it.
    }

    [Fact]
    public async Task Of_many_that_start_at_one_moment_at_most_one_runs()
    {
        using var repository = await InitializeAsync();
        var random = new Random(7);
        var tries = await Task.WhenAll(Enumerable.Range(0, 6).Select(async each =>
        {
            await Task.Yield();
            try
            {
                return await RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, random, default);
            }
            catch (RepositoryException exception) when (exception.Kind == RepositoryErrorKind.PurposeTaken)
            {
                return null;
            }
        }));
        Assert.InRange(tries.Count(held => held is not null), 0, 1);
        foreach (var held in tries.OfType<RepositoryLock>())
            await held.DisposeAsync();
        Assert.Empty(Directory.GetFiles(_folder["repo", "locks"]));
    }

    [Fact]
    public async Task A_purpose_whose_owner_fell_silent_is_watched_and_then_free_long_before_restic_would_call_it_stale()
    {
        using var repository = await InitializeAsync();
        ForeignProgram.WriteAbandonedLock(_folder["repo"], Password, "backup:one", TimeSpan.FromMinutes(5));
        var time = new WatchedTime();
        await using var held = await RepositoryLock.ClaimAsync(repository, "backup:one", time, new Random(1), default);
        Assert.Single(Directory.GetFiles(_folder["repo", "locks"]));

        ForeignProgram.WriteAbandonedLock(_folder["repo"], Password, "backup:two", TimeSpan.FromMinutes(1));
        var failure = await Assert.ThrowsAsync<RepositoryException>(() => RepositoryLock.ClaimAsync(repository, "backup:two", time, new Random(1), default));
        Assert.Equal("another-host", failure.Holder?.Host);
    }

    private Task<ResticRepository> InitializeAsync() => ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);

    // Nobody waits for the long watch; everything else takes its time.
    private sealed class WatchedTime : TimeProvider
    {
        private readonly ImmediateTime _immediate = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            dueTime > TimeSpan.FromMinutes(1) ? _immediate.CreateTimer(callback, state, dueTime, period) : base.CreateTimer(callback, state, dueTime, period);
    }
}
