using System.Diagnostics;
using System.Globalization;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Benchmarks.Chaos;

/// <summary>A tenant of its own and one kind of storage: cycle after cycle, each with a new repository.</summary>
internal sealed class ChaosLane : IAsyncDisposable
{
    // One mailbox and one drive: as many concurrent downloads as they allow, of about a thousand items. In a real tenant a much smaller
    // part of the whole is in progress at any time.
    private const int MailsASecond = 12;
    private const int FilesASecond = 6;

    // A file that takes long is what a kill is most likely to hit.
    private const int LargeBytes = 6 << 20;

    private readonly string _folder;
    private readonly string _storage;
    private readonly int _number;
    private readonly DemoTenantServer _tenant;
    private readonly ChaosComparison _comparison;
    private int _cycle;

    private ChaosLane(string folder, string storage, int number, DemoTenantServer tenant)
    {
        _folder = folder;
        _storage = storage;
        _number = number;
        _tenant = tenant;
        _comparison = new ChaosComparison(tenant);
    }

    /// <summary>The duration of an undisturbed run.</summary>
    public TimeSpan Undisturbed { get; private set; }

    public long Bytes => _comparison.Bytes;

    /// <summary>Creates a tenant whose line is as slow as the run needs to be long, and runs it undisturbed once.</summary>
    public static async Task<ChaosLane> StartAsync(string folder, string storage, int number, int seconds)
    {
        Directory.CreateDirectory(folder);
        var tenant = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                Sizes = new TenantSizes
                {
                    Users = 1,
                    MailsPerUser = MailsASecond * seconds,
                    FilesPerUser = FilesASecond * seconds,
                    MaxFileBytes = 600_000,
                    MaxAttachmentBytes = 100_000,
                    Sites = 0,
                    Seed = number + 1,
                },
                SharePointUnitsPerMinute = 100_000,
                TokenSeconds = 86_400,
            }
        );
        tenant.Change(
            (model, generator) =>
            {
                foreach (var drive in model.Users.Select(user => user.Drive).OfType<DemoDrive>())
                    generator.AddFile(drive, drive.Root, "Aufzeichnung.mp4", LargeBytes);
            }
        );
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), tenant.CaCertificatePem);
        var lane = new ChaosLane(folder, storage, number, tenant);
        tenant.Contents.BytesPerSecond = lane.Bytes / seconds;
        var target = lane.NewTarget();
        var watch = Stopwatch.StartNew();
        using var run = ChaosRun.Start(folder, tenant.BaseUrl, lane.Home("first"), target, target.Endpoint);
        var outcome = await run.EndAsync();
        lane.Undisturbed = watch.Elapsed;
        if (!outcome.IsGood)
            throw new InvalidOperationException($"The undisturbed run to {storage} failed: {outcome}");
        target.Remove();
        return lane;
    }

    /// <summary>Kills a run at a certain time, and lets the next one finish.</summary>
    public Task<ChaosCycle> KillAsync(double at, bool elsewhere) =>
        CycleAsync(
            "kill -9",
            at,
            elsewhere,
            async (home, target) =>
            {
                using var run = ChaosRun.Start(_folder, _tenant.BaseUrl, home, target, target.Endpoint);
                var killed = await run.KillAfterAsync(at * Undisturbed);
                return (killed, killed ? null : await run.EndAsync());
            }
        );

    /// <summary>The line to Microsoft is cut for a while.</summary>
    public Task<ChaosCycle> CutTenantAsync(double at, TimeSpan length) =>
        CycleAsync(
            $"Graph unreachable for {length.TotalSeconds:0} s",
            at,
            elsewhere: false,
            (home, target) =>
                DisturbAsync(
                    home,
                    target,
                    target.Endpoint,
                    at,
                    async () =>
                    {
                        _tenant.Contents.IsCut = true;
                        await Task.Delay(length);
                        _tenant.Contents.IsCut = false;
                    }
                )
        );

    /// <summary>The line to the storage is cut for a while.</summary>
    public Task<ChaosCycle> CutStorageAsync(double at, TimeSpan length) =>
        CycleAsync(
            $"storage unreachable for {length.TotalSeconds:0} s",
            at,
            elsewhere: false,
            async (home, target) =>
            {
                using var gate = new TcpGate(ChaosTarget.PortOf(_storage));
                var port = gate.Port.ToString(CultureInfo.InvariantCulture);
                return await DisturbAsync(
                    home,
                    target,
                    _storage == "s3" ? $"https://127.0.0.1:{port}" : port,
                    at,
                    async () =>
                    {
                        gate.Cut();
                        await Task.Delay(length);
                        gate.Restore();
                    }
                );
            }
        );

    /// <summary>S3 answers 503 to everything for a while.</summary>
    public Task<ChaosCycle> RefuseAsync(double at, TimeSpan length) =>
        CycleAsync(
            $"S3 answers 503 for {length.TotalSeconds:0} s",
            at,
            elsewhere: false,
            async (home, target) =>
            {
                await using var front = await FaultyS3.StartAsync();
                return await DisturbAsync(
                    home,
                    target,
                    front.Endpoint.ToString(),
                    at,
                    async () =>
                    {
                        front.Choose = _ => S3Fault.SlowDown;
                        await Task.Delay(length);
                        front.Choose = _ => S3Fault.None;
                    }
                );
            }
        );

    /// <summary>The disk of the cache is full almost from the start.</summary>
    public Task<ChaosCycle> FillCacheAsync() =>
        CycleAsync(
            "disk of the cache full",
            0,
            elsewhere: false,
            async (home, target) =>
            {
                using var disk = SmallDisk.TryMount(Path.Combine(home, "cache"), 1);
                if (disk is null)
                    throw new InvalidOperationException("This machine mounts no small disk.");
                using var run = ChaosRun.Start(_folder, _tenant.BaseUrl, home, target, target.Endpoint);
                return (true, await run.EndAsync());
            }
        );

    /// <summary>The clock jumps by up to ninety minutes, forwards and backwards, every two seconds.</summary>
    public Task<ChaosCycle> JumpAsync(int seed) =>
        CycleAsync(
            "clock jumps ±90 min every 2 s",
            0,
            elsewhere: false,
            async (home, target) =>
            {
                using var run = ChaosRun.Start(_folder, _tenant.BaseUrl, home, target, target.Endpoint, seed);
                return (true, await run.EndAsync());
            }
        );

    /// <summary>Every token becomes invalid every two seconds.</summary>
    public Task<ChaosCycle> ExpireTokensAsync() =>
        CycleAsync(
            "tokens expire every 2 s",
            0,
            elsewhere: false,
            async (home, target) =>
            {
                using var run = ChaosRun.Start(_folder, _tenant.BaseUrl, home, target, target.Endpoint);
                await using var expiry = new Timer(_ => _tenant.RevokeTokens(), null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));
                return (true, await run.EndAsync());
            }
        );

    public async ValueTask DisposeAsync() => await _tenant.DisposeAsync();

    private async Task<(bool Hit, ChaosOutcome? Outcome)> DisturbAsync(
        string home,
        ChaosTarget target,
        string endpoint,
        double at,
        Func<Task> disturb
    )
    {
        using var run = ChaosRun.Start(_folder, _tenant.BaseUrl, home, target, endpoint);
        var end = run.EndAsync();
        var hit = await Task.WhenAny(end, Task.Delay(at * Undisturbed)) != end;
        if (hit)
            await disturb();
        return (hit, await end);
    }

    private async Task<ChaosCycle> CycleAsync(
        string fault,
        double at,
        bool elsewhere,
        Func<string, ChaosTarget, Task<(bool Hit, ChaosOutcome? Outcome)>> disturb
    )
    {
        var target = NewTarget();
        var home = Home("home");
        _tenant.Contents.Reset();
        var (hit, first) = await disturb(home, target);
        var last = first;
        if (first is not { IsGood: true })
        {
            // On another machine the home folder is empty: no journal, no cache.
            using var next = ChaosRun.Start(_folder, _tenant.BaseUrl, elsewhere ? Home("elsewhere") : home, target, target.Endpoint);
            last = await next.EndAsync();
        }

        var cycle = new ChaosCycle(_storage, fault)
        {
            At = at,
            WasHit = hit,
            ElsewhereContinued = elsewhere,
            Survived = first is { IsGood: true },
            Completed = last!.IsGood,
            Needed = Bytes,
            Twice = _comparison.Twice(_tenant.Contents.Served),
            TwiceWhole = _comparison.TwiceWhole(_tenant.Contents.Served),
            Remark = string.Join(
                " | ",
                new[] { first, last }
                    .OfType<ChaosOutcome>()
                    .Distinct()
                    .Where(outcome => !outcome.IsGood)
                    .Select(outcome => outcome.ToString())
            ),
        };
        cycle = Judge(cycle, target);
        foreach (var used in Directory.EnumerateDirectories(_folder))
            Directory.Delete(used, recursive: true);
        target.Remove();
        return cycle;
    }

    private ChaosCycle Judge(ChaosCycle cycle, ChaosTarget target)
    {
        var (code, output, errors) = target.Restic.TryRun("check", "--read-data");
        if (code != 0)
            return cycle with { CheckFailed = true, Remark = $"{cycle.Remark} restic check: {output} {errors}" };
        var restored = Path.Combine(_folder, "restored");
        target.Restic.Run("restore", "latest", "--target", restored);
        var (lost, doubled) = _comparison.Compare(restored);
        return cycle with { Lost = lost, Doubled = doubled };
    }

    private ChaosTarget NewTarget() => new(_storage, $"chaos-{_storage}-{_number}-{_cycle++}");

    private string Home(string name) => Path.Combine(_folder, $"{name}-{_cycle}");
}
