using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Repository.Tests.Locking;

/// <summary>
/// A holder checks its lock before it relies on it, loses it when it must, but neither because of a clock change nor because of a sleep
/// that harmed no one.
/// </summary>
public sealed class OwnLockTests
{
    private static Snapshot AnySnapshot =>
        new()
        {
            Time = "2030-01-01T00:00:00Z",
            Tree = BlobId.Of([]).ToString(),
            Paths = ["/Daily"],
            Hostname = "tenant",
        };

    [Fact]
    public void A_snapshot_is_not_saved_when_the_lock_is_gone_however_young_it_is()
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var held = world.Run(ours, () => ours.ClaimAsync("backup:one"));
        world.Objects.Remove(world.Below("locks").Single()); // Like restic unlock --remove-all.
        Assert.ThrowsAny<OperationCanceledException>(() => world.Run(ours, held.ThrowIfLostAsync));
        Assert.True(held.Lost.IsCancellationRequested);
        Assert.ThrowsAny<OperationCanceledException>(() => world.Run(ours, () => held.SaveSnapshotAsync(AnySnapshot, default)));
        Assert.Empty(world.Below("snapshots"));
    }

    [Fact]
    public void A_snapshot_that_was_saved_while_the_lock_went_is_taken_back()
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var held = world.Run(ours, () => ours.ClaimAsync("backup:one"));
        ours.Fate = what =>
        {
            if (what.StartsWith("saves snapshots", StringComparison.Ordinal))
                world.Objects.Remove(world.Below("locks").Single());
        };
        Assert.ThrowsAny<OperationCanceledException>(() => world.Run(ours, () => held.SaveSnapshotAsync(AnySnapshot, default)));
        Assert.Empty(world.Below("snapshots"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whoever_slept_looks_before_he_goes_on_deleting_and_puts_the_index_back(bool machine)
    {
        var world = new LockWorld();
        var (a, b) = (world.Machine("a"), world.Machine("b"));
        var index = BlobId.Of([1]);
        world.Objects[RepositoryLayout.Key(RepositoryFile.Index, index)] = [1];
        var exclusive = world.Run(a, () => a.AcquireAsync(exclusive: true));
        var removal = new GuardedRemoval(a.Repository, exclusive);
        a.Fate = what =>
        {
            if (what.StartsWith("deletes index", StringComparison.Ordinal))
                a.Sleep(TimeSpan.FromMinutes(50), machine);
        };
        var removing = removal.RemoveIndexAsync(index, [], default);
        world.Pass(TimeSpan.FromMinutes(32));
        world.Run(b, () => b.ClaimAsync("backup:one")); // It reads the index that is about to be removed.
        Assert.True(world.Now < TimeSpan.FromMinutes(45));
        Assert.ThrowsAny<OperationCanceledException>(() => world.Run(a, () => removing));
        Assert.Contains(RepositoryLayout.Key(RepositoryFile.Index, index), world.Objects.Keys);
        Assert.ThrowsAny<OperationCanceledException>(() => world.Run(a, () => removal.RemoveAsync(RepositoryFile.Data, index, default)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(90)]
    [InlineData(-90)]
    public void A_lock_that_cannot_be_renewed_for_twenty_minutes_is_given_up_and_not_before_whatever_the_clock_does(int jump)
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var held = world.Run(ours, () => ours.AcquireAsync(exclusive: false));
        world.Pass(TimeSpan.FromSeconds(20)); // All requests are answered.
        ours.Store.IsOutOfReach = true;
        world.Pass(TimeSpan.FromMinutes(10));
        ours.Ahead = TimeSpan.FromMinutes(jump);
        world.Pass(TimeSpan.FromMinutes(9));
        Assert.False(held.Lost.IsCancellationRequested);
        world.Pass(TimeSpan.FromMinutes(2));
        Assert.True(held.Lost.IsCancellationRequested);
        Assert.Null(held.Failure);
    }

    [Theory]
    [InlineData(90)]
    [InlineData(-90)]
    [InlineData(60 * 24 * 365)]
    public void A_clock_that_jumps_costs_nobody_a_lock_that_all_respected(int minutes)
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var held = world.Run(ours, () => ours.ClaimAsync("backup:one"));
        ours.Ahead = TimeSpan.FromMinutes(minutes);
        world.Run(ours, held.ThrowIfLostAsync);
        world.Pass(TimeSpan.FromMinutes(30));
        world.Run(ours, held.ThrowIfLostAsync);
        world.Run(ours, async () => await held.DisposeAsync());
        Assert.Empty(world.Below("locks"));
    }

    [Fact]
    public void A_machine_that_slept_goes_on_when_nobody_touched_its_lock_and_renews_it_at_once()
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var held = world.Run(ours, () => ours.AcquireAsync(exclusive: false));
        var before = world.Below("locks").Single();
        ours.Sleep(TimeSpan.FromHours(8), machine: true);
        world.Pass(TimeSpan.FromHours(8) + TimeSpan.FromMinutes(1));
        Assert.NotEqual(before, world.Below("locks").Single());
        world.Run(ours, held.ThrowIfLostAsync);
    }

    [Fact]
    public void Whatever_ends_the_renewal_loses_the_lock()
    {
        var world = new LockWorld();
        var ours = world.Machine("ours");
        var held = world.Run(ours, () => ours.ClaimAsync("backup:one"));
        ours.Fate = _ => throw new InvalidOperationException("Nobody foresaw this.");
        world.Pass(TimeSpan.FromMinutes(2));
        Assert.True(held.Lost.IsCancellationRequested);
        Assert.IsType<InvalidOperationException>(held.Failure);
    }
}
