using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Tests.Locking;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Who may work on a repository together with whom, and when a lock no longer counts.</summary>
public sealed class LockTests : IDisposable
{
    private const string Password = "locks";
    private readonly TemporaryFolder _folder = new();

    private StockRestic Restic => new(_folder["repo"], Password);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(-31)]
    [InlineData(600)]
    [InlineData(-600)]
    public void A_living_run_keeps_its_purpose_however_far_its_clock_is_off(int minutes)
    {
        var world = new LockWorld();
        var (a, b) = (world.Machine("a", TimeSpan.FromMinutes(minutes)), world.Machine("b"));
        var held = world.Run(a, () => a.ClaimAsync("backup:one"));
        var failure = Assert.Throws<RepositoryException>(() => world.Run(b, () => b.ClaimAsync("backup:one")));
        Assert.Equal(RepositoryErrorKind.PurposeTaken, failure.Kind);
        Assert.Throws<RepositoryException>(() => world.Run(b, () => b.AcquireAsync(exclusive: true)));
        world.Run(a, held.ThrowIfLostAsync);
    }

    [Theory]
    [InlineData(31)]
    [InlineData(-31)]
    [InlineData(600)]
    [InlineData(-600)]
    public void A_living_restic_is_respected_however_far_its_clock_is_off(int minutes)
    {
        var world = new LockWorld();
        var (restic, ours) = (world.Machine("restic", TimeSpan.FromMinutes(minutes)), world.Machine("ours"));
        var held = world.Run(restic, () => ResticLock.TakeAsync(world, restic, exclusive: true));
        Assert.NotNull(held);
        Assert.Equal(
            RepositoryErrorKind.Locked,
            Assert.Throws<RepositoryException>(() => world.Run(ours, () => ours.AcquireAsync(exclusive: false))).Kind
        );
        Assert.Single(world.Below("locks"));
        Assert.False(held.Lost.IsCancellationRequested);
    }

    [Theory]
    [InlineData(31, 10)]
    [InlineData(60, 7)]
    [InlineData(-60, 26)]
    public void The_lock_of_a_dead_restic_is_watched_for_longer_than_it_would_renew_it_and_then_taken_away(int age, int atMost)
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        world.Plant(
            new
            {
                time = ours.Time.GetUtcNow().AddMinutes(-age),
                exclusive = true,
                hostname = "another-host",
                username = "u",
                pid = 17,
            }
        );
        world.Run(ours, () => ours.AcquireAsync(exclusive: true));
        Assert.Single(world.Below("locks"));
        Assert.InRange(world.Now, TimeSpan.FromMinutes(6), TimeSpan.FromMinutes(atMost));
    }

    [Fact]
    public void A_lock_of_another_host_that_is_young_by_its_time_keeps_us_out_and_is_named()
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        world.Plant(
            new
            {
                time = ours.Time.GetUtcNow().AddMinutes(-20),
                exclusive = true,
                hostname = "another-host",
                username = "u",
                pid = 17,
            }
        );
        var failure = Assert.Throws<RepositoryException>(() => world.Run(ours, () => ours.AcquireAsync(exclusive: false)));
        Assert.Equal("another-host", failure.Holder?.Host);
        Assert.Single(world.Below("locks"));
    }

    [Fact]
    public void A_purpose_whose_owner_fell_silent_is_watched_and_then_free_long_before_restic_would_call_it_stale()
    {
        var world = new LockWorld();
        var (a, b) = (world.Machine("a"), world.Machine("b"));
        world.Run(a, () => a.ClaimAsync("backup:one"));
        a.Die();
        world.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal("PurposeTaken", $"{Assert.Throws<RepositoryException>(() => world.Run(b, () => b.ClaimAsync("backup:one"))).Kind}");
        world.Pass(TimeSpan.FromMinutes(4));
        var began = world.Now;
        world.Run(b, () => b.ClaimAsync("backup:one"));
        Assert.InRange(world.Now - began, TimeSpan.Zero, TimeSpan.FromMinutes(2));
        Assert.Single(world.Below("locks"));
    }

    [Fact]
    public void A_process_id_counts_only_on_the_same_boot_and_in_the_same_namespace()
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var held = world.Run(ours, () => ours.ClaimAsync("backup:one"));
        var own = world.Read(world.Objects[world.Below("locks").Single()]);
        world.Run(ours, async () => await held.DisposeAsync());
        if (!own.TryGetProperty("klarkonform_boot", out var boot))
            return; // An operating system that reveals nothing: always watched.
        var pids = own.GetProperty("klarkonform_pidns").GetString();
        using var gone = System.Diagnostics.Process.Start("true");
        gone.WaitForExit();

        string Plant(string? bootId, string? pidNamespace) =>
            world.Plant(
                new
                {
                    time = ours.Time.GetUtcNow(),
                    exclusive = true,
                    hostname = Environment.MachineName,
                    username = "u",
                    pid = gone.Id,
                    klarkonform_started = ours.Time.GetUtcNow(),
                    klarkonform_boot = bootId,
                    klarkonform_pidns = pidNamespace,
                }
            );

        // A container of the same name, the machine before its restart, and stock restic, which says nothing: all may be alive.
        foreach (
            var (bootId, pidNamespace) in ((string?, string?)[])
                [(boot.GetString(), "pid:[1]"), (Guid.NewGuid().ToString(), pids), (null, null)]
        )
        {
            var key = Plant(bootId, pidNamespace);
            Assert.Throws<RepositoryException>(() => world.Run(ours, () => ours.AcquireAsync(exclusive: false)));
            Assert.True(world.Objects.Remove(key));
        }

        var began = world.Now;
        Plant(boot.GetString(), pids);
        world.Run(ours, () => ours.AcquireAsync(exclusive: false));
        Assert.Single(world.Below("locks"));
        Assert.True(world.Now - began < TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void An_empty_lock_file_keeps_nobody_out_and_goes_when_it_is_old()
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var key = "locks/" + new string('a', 64);
        world.Objects[key] = [];
        var held = world.Run(ours, () => ours.AcquireAsync(exclusive: true));
        Assert.True(world.Now < TimeSpan.FromMinutes(1));
        world.Pass(TimeSpan.FromHours(23));
        Assert.Contains(key, world.Objects.Keys);
        world.Pass(TimeSpan.FromHours(2));
        Assert.DoesNotContain(key, world.Objects.Keys);
        world.Run(ours, held.ThrowIfLostAsync);
    }

    [Fact]
    public void An_unreadable_lock_file_is_tried_four_times_as_by_restic_and_then_named()
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var key = "locks/" + new string('a', 64);
        world.Objects[key] = new byte[200];
        var failure = Assert.Throws<RepositoryException>(() => world.Run(ours, () => ours.ClaimAsync("backup:one")));
        Assert.Equal((RepositoryErrorKind.LockUnreadable, key), (failure.Kind, failure.File));
        Assert.Equal(4, world.Log.Count(line => line.Contains("reads locks", StringComparison.Ordinal)));
        Assert.True(world.Now > TimeSpan.FromSeconds(35));

        // One whose upload completes it meanwhile is a lock like others.
        world.After(TimeSpan.FromSeconds(12), null, () => world.Objects.Remove(key));
        world.Run(ours, () => ours.ClaimAsync("backup:one"));
    }

    [Fact]
    public void An_unreadable_lock_file_of_yesterday_is_watched_and_removed()
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var key = "locks/" + new string('a', 64);
        world.Objects[key] = new byte[200];
        world.Stored[key] = ours.Time.GetUtcNow().AddDays(-1.1);
        world.Run(ours, () => ours.ClaimAsync("backup:one"));
        Assert.DoesNotContain(key, world.Objects.Keys);
        Assert.True(world.Now > TimeSpan.FromMinutes(6));
    }

    [Fact]
    public void A_dead_lock_that_is_in_nobodys_way_is_swept_away_during_the_work()
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var dead = world.Plant(
            new
            {
                time = ours.Time.GetUtcNow().AddHours(-1),
                exclusive = false,
                hostname = "another-host",
                username = "u",
                pid = 17,
            }
        );
        var held = world.Run(ours, () => ours.ClaimAsync("backup:one"));
        Assert.Equal(2, world.Below("locks").Count());
        Assert.True(world.Now < TimeSpan.FromMinutes(1));
        world.Pass(TimeSpan.FromMinutes(9));
        Assert.DoesNotContain(dead, world.Objects.Keys);
        world.Run(ours, async () => await held.DisposeAsync());
        Assert.Empty(world.Below("locks"));
    }

    [Fact]
    public void The_keeper_removes_the_dead_spares_the_living_and_says_why()
    {
        var world = new LockWorld();
        var (alive, admin) = (world.Machine("alive", TimeSpan.FromHours(-7)), world.Machine("admin"));
        var held = world.Run(alive, () => alive.ClaimAsync("backup:one"));
        var dead = world.Plant(
            new
            {
                time = admin.Time.GetUtcNow().AddHours(-1),
                exclusive = true,
                hostname = "another-host",
                username = "u",
                pid = 17,
            }
        );
        var keeper = new LockKeeper(admin.Repository, admin.Time);
        var found = world.Run(admin, () => keeper.ListAsync(default));
        Assert.Equal(2, found.Count(each => each.MayBeDead && each.Evidence == LockEvidence.Silent));
        var done = world.Run(admin, () => admin.TakeAsync(() => keeper.RemoveDeadAsync([.. found.Select(each => each.Id)], null, default)));
        Assert.Equal(
            [(LockEvidence.Abandoned, true), (LockEvidence.Vanished, false)],
            done.Select(each => (each.Evidence, each.IsRemoved)).Order()
        );
        Assert.DoesNotContain(dead, world.Objects.Keys);
        world.Run(alive, held.ThrowIfLostAsync);
    }

    [Fact]
    public async Task Two_of_one_purpose_exclude_each_other_and_the_second_learns_who_holds_it()
    {
        using var repository = await InitializeAsync();
        await using (await RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, new Random(1), default))
        {
            var failure = await Assert.ThrowsAsync<RepositoryException>(() =>
                RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, new Random(2), default)
            );
            Assert.Equal(
                (RepositoryErrorKind.PurposeTaken, Environment.ProcessId, Environment.MachineName),
                (failure.Kind, failure.Holder?.ProcessId, failure.Holder?.Host)
            );
            await using var other = await RepositoryLock.ClaimAsync(repository, "backup:two", TimeProvider.System, new Random(2), default);
            await using var writer = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
            await Assert.ThrowsAsync<RepositoryException>(() =>
                RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default)
            );
        }

        await using var next = await RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, new Random(2), default);
        Restic.Run("list", "locks"); // Stock restic reads what we wrote into it.
    }

    [Fact]
    public async Task Of_many_that_start_at_one_moment_at_most_one_runs()
    {
        using var repository = await InitializeAsync();
        var random = new Random(7);
        var tries = await Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(async each =>
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
                })
        );
        Assert.InRange(tries.Count(held => held is not null), 0, 1);
        foreach (var held in tries.OfType<RepositoryLock>())
            await held.DisposeAsync();
        Assert.Empty(Directory.GetFiles(_folder["repo", "locks"]));
    }

    private Task<ResticRepository> InitializeAsync() =>
        ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);
}
