using System.Globalization;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.Drift;
using KlarKonform.Backup.TestSupport;
using KlarKonform.Backup.Trials;

namespace KlarKonform.Backup.Destroy;

/// <summary>
/// One seed's world: a small tenant that two machines back up into one repository, night after night, while files vanish, folders are out
/// of sight, clocks jump, runs are stopped, another program prunes and writes, and holds come and go. After each night and at the end it is
/// checked whether anything is gone that had to stay, and whether every loss was reported in the same night.
/// </summary>
public sealed class DestroySeed : IDisposable
{
    private const string Name = "Destroy";
    private const int Nights = 8;
    private const int KeepLast = 4;

    private readonly int _seed;
    private readonly Random _random;
    private readonly DemoTenantServer _tenant;
    private readonly JumpingTime _truth;
    private readonly TemporaryFolder _folder = new();
    private readonly TrialHost _host;
    private readonly DestroyRepository _repository;
    private readonly DestroyMachine[] _machines;
    private readonly List<string> _account = [];
    private readonly List<string> _needed = [];
    private readonly List<string> _unnoticed = [];
    private readonly List<string> _holds = [];
    private readonly List<string> _wrong = [];
    private readonly SortedDictionary<string, int> _done = new(StringComparer.Ordinal);

    // Complete snapshots in the order in which they were made, those that must not be removed, and what the world did to others.
    private readonly List<string> _order = [];
    private DestroyMachine? _wroteNewest;
    private readonly HashSet<string> _gone = [];
    private readonly HashSet<string> _foreign = [];
    private string? _hold;
    private string? _held;
    private bool _logIsLost;
    private bool _interrupted;

    private DestroySeed(int seed, DemoTenantServer tenant, JumpingTime truth)
    {
        (_seed, _tenant, _truth, _random) = (seed, tenant, truth, new Random(seed));
        _host = new TrialHost(tenant, _folder);
        _repository = new DestroyRepository(_folder, TrialHost.Password);
        _machines = [new DestroyMachine(_folder["first"], seed), new DestroyMachine(_folder["second"], seed + 1)];
    }

    /// <summary>Runs a seed.</summary>
    public static async Task<DestroyResult> RunAsync(int seed, CancellationToken cancellationToken)
    {
        var truth = new JumpingTime();
        await using var tenant = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                Clock = truth.GetUtcNow,
                Sizes = new TenantSizes
                {
                    Users = 2,
                    MailsPerUser = 5,
                    FilesPerUser = 4,
                    MaxFileBytes = 30_000,
                    Seed = seed,
                },
            }
        );
        using var each = new DestroySeed(seed, tenant, truth);
        return await each.RunAsync(cancellationToken);
    }

    /// <summary>Removes its folder.</summary>
    public void Dispose() => _folder.Dispose();

    private async Task<DestroyResult> RunAsync(CancellationToken cancellationToken)
    {
        await _host.PrepareAsync(cancellationToken);
        foreach (var machine in _machines)
            await machine.Engine.CreateConfigurationAsync(Configuration(), cancellationToken);
        await NightAsync(_machines[0], cancellationToken);
        for (var night = 1; night < Nights; night++)
        {
            _tenant.Change((_, generator) => generator.Change(_random.Next(4)));
            await DisturbAsync(_machines[_random.Next(4) == 0 ? 1 : 0], cancellationToken);
        }

        await EndAsync(cancellationToken);
        return new DestroyResult(_seed)
        {
            NeededDeleted = _needed,
            LossesUnnoticed = _unnoticed,
            HoldsBroken = _holds,
            ResticDisagrees = _wrong,
            Account = _account,
            Done = _done,
        };
    }

    private async Task DisturbAsync(DestroyMachine machine, CancellationToken cancellationToken)
    {
        switch (_random.Next(12))
        {
            case 0 or 1 or 2:
                await LoseAsync(machine, cancellationToken);
                break;
            case 3 or 4:
                await ClockAsync(machine, cancellationToken);
                break;
            case 5:
                await OutOfSightAsync(machine, cancellationToken);
                break;
            case 6:
                await ForeignPruneAsync(machine, cancellationToken);
                break;
            case 7:
                await ForeignBackupAsync(machine, cancellationToken);
                break;
            case 8:
                await HoldAsync(machine, cancellationToken);
                break;
            case 9:
                await LoseLogAsync(machine, cancellationToken);
                break;
            case 10:
                await StopAsync(machine, cancellationToken);
                break;
            default:
                await NightAsync(machine, cancellationToken);
                break;
        }
    }

    // A file vanishes, is missed, and is brought back; a lost index may be rebuilt instead.
    private async Task LoseAsync(DestroyMachine machine, CancellationToken cancellationToken)
    {
        var files = _repository.Files();
        var newest = _order.Count > 0 ? _order[^1] : "";
        var choice = files.Where(file => machine == _wroteNewest || !file.EndsWith(newest, StringComparison.Ordinal)).ToArray();
        string[] lost = [.. Enumerable.Range(0, 1 + _random.Next(2)).Select(_ => choice[_random.Next(choice.Length)]).Distinct()];
        var kept = _order.Where(id => !_gone.Contains(id)).TakeLast(KeepLast).ToArray();
        foreach (var file in lost)
            _repository.Lose(file);
        Count("lost: " + Kind(lost[0]));
        var run = await NightAsync(machine, cancellationToken);

        // The loss of unneeded data need not be reported: restic shows whether anything needs it. That does not include a snapshot that
        // retention was about to remove.
        var isOwn = lost.Any(file => Kind(file) == "snapshots" && kept.Contains(Path.GetFileName(file)));
        if (run?.Status == BackupState.Succeeded && (isOwn || !_repository.IsSound()))
            _unnoticed.Add($"{string.Join(", ", lost)} on {Path.GetFileName(machine.Home)}");
        if (lost.All(file => Kind(file) == "index") && _random.Next(2) == 0)
        {
            Count("index repaired");
            await machine.Engine.RepairAsync(Name, new RepairOptions(), _host, _host, cancellationToken);
            foreach (var file in lost)
                _repository.Forget(file);
            if (!_repository.IsSound())
                _needed.Add($"after a repair for {string.Join(", ", lost)}");
        }

        foreach (var file in lost)
            _repository.BringBack(file);
        await NightAsync(machine, cancellationToken);
    }

    private async Task ClockAsync(DestroyMachine machine, CancellationToken cancellationToken)
    {
        TimeSpan[] jumps = [TimeSpan.FromHours(2), TimeSpan.FromDays(3), TimeSpan.FromDays(40), TimeSpan.FromDays(500)];
        var jump = jumps[_random.Next(jumps.Length)] * (_random.Next(2) == 0 ? 1 : -1);
        Count("clock");
        machine.Clock.Jump(jump);
        var run = await NightAsync(machine, cancellationToken);
        machine.Clock.Jump(-jump);
        if (run?.Retention is not null)
            _needed.Add($"retention went by a clock that was {jump} off");
    }

    // A folder of the share is away now and then during the run and its retention.
    private async Task OutOfSightAsync(DestroyMachine machine, CancellationToken cancellationToken)
    {
        string[] folders = ["snapshots", "data", "index", "locks"];
        var (shown, hidden) = (Path.Combine(_repository.Path, folders[_random.Next(folders.Length)]), _folder["hidden"]);
        Count("out of sight: " + Path.GetFileName(shown));
        _interrupted = true;
        using var over = new CancellationTokenSource();
        var pauses = new Random(_random.Next());
        var blinking = Task.Run(
            async () =>
            {
                while (!over.IsCancellationRequested)
                {
                    await Task.Delay(pauses.Next(1, 60), CancellationToken.None);
                    if (!Directory.Exists(shown))
                        continue;
                    Directory.Move(shown, hidden);
                    await Task.Delay(pauses.Next(1, 25), CancellationToken.None);
                    Merge(hidden, shown);
                }
            },
            CancellationToken.None
        );
        try
        {
            await NightAsync(machine, cancellationToken);
        }
        finally
        {
            await over.CancelAsync();
            await blinking;
        }

        await NightAsync(machine, cancellationToken);
    }

    private async Task ForeignPruneAsync(DestroyMachine machine, CancellationToken cancellationToken)
    {
        var own = _order.Where(id => !_gone.Contains(id) && id != _held).ToArray();
        if (own.Length > 1)
        {
            var victim = own[_random.Next(own.Length - 1)];
            _gone.Add(victim);
            Count("foreign prune");
            _repository.Restic.Run("forget", victim, "--prune");

            // It is reported until the person who did it acknowledges it.
            await NightAsync(machine, cancellationToken);
            await machine.Engine.RepairAsync(Name, new RepairOptions(), _host, _host, cancellationToken);
        }

        await NightAsync(machine, cancellationToken);
    }

    private async Task ForeignBackupAsync(DestroyMachine machine, CancellationToken cancellationToken)
    {
        Count("foreign backup");
        Directory.CreateDirectory(_folder["foreign"]);
        var bytes = new byte[_random.Next(1, 200_000)];
        _random.NextBytes(bytes);
        await File.WriteAllBytesAsync(_folder["foreign", "file.bin"], bytes, cancellationToken);
        _repository.Restic.Run("backup", _folder["foreign"]);
        _foreign.UnionWith(_repository.Snapshots().Where(each => each.Tags.Count == 0).Select(each => each.Id));
        await NightAsync(machine, cancellationToken);
    }

    private async Task HoldAsync(DestroyMachine machine, CancellationToken cancellationToken)
    {
        if (!_logIsLost && _hold is null)
        {
            var oldest = (await machine.Engine.GetSnapshotsAsync(Name, _host, cancellationToken))
                .First(each => _order.Contains(each.SnapshotId))
                .SnapshotId;
            _hold = (
                await machine.Engine.SetHoldAsync(
                    Name,
                    new HoldRequest
                    {
                        SnapshotId = oldest,
                        Reason = "Verfahren",
                        Author = "Test",
                    },
                    _host,
                    cancellationToken
                )
            ).HoldId;
            _held = oldest;
            Count("hold set");
        }
        else if (!_logIsLost)
        {
            await machine.Engine.RemoveHoldAsync(
                Name,
                new HoldRequest
                {
                    HoldId = _hold,
                    Reason = "beendet",
                    Author = "Test",
                },
                _host,
                cancellationToken
            );
            (_hold, _held) = (null, null);
            Count("hold lifted");
        }

        await NightAsync(machine, cancellationToken);
    }

    // The audit log is lost permanently: until someone decides, nothing may be removed.
    private async Task LoseLogAsync(DestroyMachine machine, CancellationToken cancellationToken)
    {
        var log = _repository
            .Snapshots()
            .Where(each => each.Tags.Any(tag => tag.StartsWith("audit:", StringComparison.Ordinal)))
            .Select(each => each.Id)
            .ToArray();
        foreach (var id in log)
            File.Delete(Path.Combine(_repository.Path, "snapshots", id));
        _logIsLost |= log.Length > 0;
        if (log.Length > 0)
            Count("log lost");
        var run = await NightAsync(machine, cancellationToken);
        if (log.Length > 0 && run?.Status == BackupState.Succeeded)
            _holds.Add("the audit log is gone, and the run says Succeeded");
        if (log.Length == 0 || _random.Next(2) == 0)
            return;
        await machine.Engine.AcceptAuditLogAsync(Name, "Es gibt keine Kopie", "Test", _host, cancellationToken);
        Count("log accepted");
        (_hold, _held, _logIsLost) = (null, null, false);
    }

    private async Task StopAsync(DestroyMachine machine, CancellationToken cancellationToken)
    {
        Count("stopped");
        _interrupted = true;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(_random.Next(30, 700));
        await NightAsync(machine, stop.Token);
        await NightAsync(machine, cancellationToken);
    }

    private async Task<BackupRun?> NightAsync(DestroyMachine machine, CancellationToken cancellationToken)
    {
        _truth.Jump(TimeSpan.FromDays(1));
        foreach (var each in _machines)
            each.Clock.Jump(TimeSpan.FromDays(1));
        BackupRun? run = null;
        try
        {
            run = await machine.Engine.StartBackupAsync(Name, new BackupOptions(), _host, _host, cancellationToken);
            _account.Add(
                $"{Path.GetFileName(machine.Home)}: {run.Status}, snapshot {run.SnapshotId?[..8]}, removed "
                    + $"{run.Retention?.Removed.Count} {run.Error} {string.Join("; ", run.Notes)}"
            );
            if (run.SnapshotId is { } id)
            {
                _order.Add(id);
                _wroteNewest = machine;
            }
        }
        catch (BackupException exception)
        {
            _account.Add($"{Path.GetFileName(machine.Home)}: {exception.ErrorId}: {exception.Message}");
        }
        catch (OperationCanceledException)
        {
            _account.Add($"{Path.GetFileName(machine.Home)}: stopped");
        }

        foreach (var removed in run?.Retention?.Removed ?? [])
            Removed(removed.Id);
        return run;
    }

    // Of the snapshots that the world did not take, the newest stay, those on hold stay, and nothing is removed without its audit log.
    private void Removed(string id)
    {
        var living = _order.Where(each => !_gone.Contains(each)).ToArray();
        _gone.Add(id);
        if (_logIsLost)
            _holds.Add($"{id[..8]} was removed though the audit log is lost");
        if (id == _held)
            _holds.Add($"{id[..8]} was removed though it is held");
        if (living.TakeLast(KeepLast).Contains(id))
            _needed.Add($"{id[..8]} was removed though it is among the newest {KeepLast}");
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        foreach (var file in _repository.Aside.ToArray())
            _repository.BringBack(file);
        var machine = _machines[0];
        if (_logIsLost)
        {
            // Its holds are lost with the log, and the person who accepts that was told so.
            await machine.Engine.AcceptAuditLogAsync(Name, "Es gibt keine Kopie", "Test", _host, cancellationToken);
            (_hold, _held, _logIsLost) = (null, null, false);
        }

        await NightAsync(machine, cancellationToken);
        var last = await NightAsync(machine, cancellationToken);
        if (last?.Status != BackupState.Succeeded)
            _wrong.Add($"the last run is {last?.Status}: {string.Join("; ", last?.Notes ?? [])}");
        var there = _repository.Snapshots().Select(each => each.Id).ToHashSet(StringComparer.Ordinal);
        // A run that was stopped in the middle of its retention does not report what it had removed by then.
        var living = _order.Where(id => !_gone.Contains(id)).ToArray();
        var mayBeGone = _interrupted ? living.SkipLast(KeepLast).Where(id => id != _held).ToHashSet() : [];
        _needed.AddRange(
            living.Where(id => !there.Contains(id) && !mayBeGone.Contains(id)).Select(id => $"{id[..8]} is gone, and nobody removed it")
        );
        _needed.AddRange(_foreign.Where(id => !there.Contains(id)).Select(id => $"another program's {id[..8]} is gone"));
        var (code, output, errors) = _repository.Restic.TryRun("check", "--read-data");
        if (code != 0)
            _wrong.Add(string.Create(CultureInfo.InvariantCulture, $"restic check exited with {code}: {output} {errors}"));
        var truth = _tenant.Change((model, _) => DriftTruth.Of(model).Where(item => item.Kind is "Mail" or "OneDrive").ToArray());
        _wrong.AddRange(
            new DriftComparison(truth, await DriftSnapshot.ReadAsync(_repository.Path, TrialHost.Password, cancellationToken)).Differences()
        );
    }

    private static void Merge(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Move(file, target, overwrite: true);
        }

        Directory.CreateDirectory(to);
        Directory.Delete(from, recursive: true);
    }

    private static string Kind(string file) => file.Split('/', '\\')[0];

    private void Count(string what)
    {
        _done[what] = _done.GetValueOrDefault(what) + 1;
        _account.Add("-- " + what);
    }

    private BackupConfiguration Configuration() =>
        _host.Configuration(
            2,
            Name,
            new SourceSettings { Mail = new MailSelection(), OneDrive = new DriveSelection() },
            _repository.Path
        ) with
        {
            Retention = new RetentionSettings
            {
                Preset = RetentionPreset.Custom,
                Keep = new KeepSettings { Last = KeepLast },
            },
        };
}
