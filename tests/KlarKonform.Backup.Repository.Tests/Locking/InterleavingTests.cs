using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Tests.Locking;

/// <summary>
/// Machines that back up and prune at the same time, in any order, with differing clocks, asleep for seconds or hours between any two
/// requests, dying and being replaced: never a snapshot whose blobs are gone, never two holders of one purpose.
/// </summary>
public sealed class InterleavingTests
{
    private const int SeedsABlock = 25;

    // An index being written when its writer was suspended for long may exist for some seconds before the writer takes it back. Our runs
    // verify what they rely on before they save a snapshot; restic's do not, and nothing can keep one from beginning in those seconds.
    private static readonly TimeSpan s_brief = TimeSpan.FromMinutes(1);

    public static TheoryData<Company, int> Blocks
    {
        get
        {
            var data = new TheoryData<Company, int>();
            foreach (var company in Enum.GetValues<Company>())
            {
                for (var block = 0; block < 4; block++)
                    data.Add(company, block);
            }

            return data;
        }
    }

    /// <summary>Who works together with one machine of ours.</summary>
    public enum Company
    {
        /// <summary>Two more of ours; clocks differ by up to ten minutes.</summary>
        Ours,

        /// <summary>Two more of ours; clocks differ by hours.</summary>
        OursWithWrongClocks,

        /// <summary>
        /// One of ours and stock restic; clocks differ by up to ten minutes, and restic may be suspended for as long as it continues
        /// without a check of its own: 22.5 minutes since it renewed its lock.
        /// </summary>
        Restic,

        /// <summary>
        /// One of ours and stock restic, whose clock differs by hours; it is not suspended for long, or watching would find it dead.
        /// </summary>
        ResticWithAWrongClock,
    }

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Whatever_happens_in_whatever_order_no_snapshot_lacks_a_blob_and_no_purpose_has_two_holders(Company company, int block)
    {
        for (var seed = block * SeedsABlock; seed < (block + 1) * SeedsABlock; seed++)
            Play(company, seed);
    }

    private static void Play(Company company, int seed)
    {
        var world = new LockWorld(seed);
        var claims = new List<(TimeSpan From, TimeSpan To, string Machine)>();
        for (var i = 0; i < 3; i++)
        {
            var isRestic = i == 2 && (company == Company.Restic || company == Company.ResticWithAWrongClock);
            var off =
                company == Company.OursWithWrongClocks || (isRestic && company == Company.ResticWithAWrongClock)
                    ? TimeSpan.FromHours(9)
                    : TimeSpan.FromMinutes(5);
            var machine = world.Machine(isRestic ? "restic" : $"ours-{i}", off * ((2 * world.Random.NextDouble()) - 1));
            var worker = new WorkerModel(world, machine, isRestic) { Claims = claims };
            var longest =
                !isRestic ? TimeSpan.FromHours(5)
                : company == Company.Restic ? TimeSpan.FromMinutes(17)
                : TimeSpan.FromSeconds(50);
            machine.Fate = _ => Strike(world, machine, worker, worker.IsDelicate && !IsOurs(company) ? s_brief : longest, isRestic);
            machine.Main = worker.RunAsync(4);
        }

        try
        {
            while (world.Machines.Any(machine => !machine.IsDead && !machine.Main.IsCompleted))
                world.Step();
            foreach (var machine in world.Machines.Where(machine => !machine.IsDead))
                machine.Main.GetAwaiter().GetResult();
            Judge(world, claims);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException(
                $"Seed {seed}, {company}: {exception.Message}\n{string.Join('\n', world.Log.TakeLast(4000))}",
                exception
            );
        }
    }

    private static bool IsOurs(Company company) => company is Company.Ours or Company.OursWithWrongClocks;

    private static void Strike(LockWorld world, LockMachine machine, WorkerModel worker, TimeSpan longest, bool isRestic)
    {
        if (world.Random.Next(200) == 0 && !worker.IsDelicate)
        {
            machine.Die();
        }
        else if (world.Random.Next(25) == 0 && (!isRestic || world.Now - machine.AsleepUntil > TimeSpan.FromMinutes(6)))
        {
            // As often for seconds as for hours; at once, or while the request is in progress.
            var span = TimeSpan.FromSeconds(Math.Exp(world.Random.NextDouble() * Math.Log(longest.TotalSeconds)));
            var whole = world.Random.Next(2) == 0;
            world.After(
                TimeSpan.FromMilliseconds(world.Random.Next(2) * world.Random.Next(500)),
                machine,
                () => machine.Sleep(span, whole)
            );
        }
        else if (world.Random.Next(200) == 0 && !isRestic)
        {
            // Someone sets the clock right, or wrong in the other direction.
            machine.Ahead = -machine.Ahead;
        }
    }

    private static void Judge(LockWorld world, List<(TimeSpan From, TimeSpan To, string Machine)> claims)
    {
        var reader = world.Machine("judge");
        world.IsRunning = false;
        var indexed = world.Below("index").SelectMany(key => WorkerModel.PacksOf(world.Objects[key])).ToHashSet();
        foreach (var (id, snapshot) in reader.Repository.SnapshotsAsync(default).ToBlockingEnumerable())
        {
            foreach (var need in snapshot.Paths!.Select(BlobId.Parse))
            {
                Assert.True(
                    world.Objects.ContainsKey(RepositoryLayout.Key(RepositoryFile.Data, need)),
                    $"{id.ToShortString()} of {snapshot.Hostname} needs the pack {need.ToShortString()}, which is gone."
                );
                Assert.True(
                    indexed.Contains(need),
                    $"{id.ToShortString()} of {snapshot.Hostname} needs the pack {need.ToShortString()}, which no index names."
                );
            }
        }

        foreach (var one in claims)
            Assert.DoesNotContain(claims, other => other.Machine != one.Machine && one.From < other.To && other.From < one.To);
    }
}
