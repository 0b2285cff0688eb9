using System.Globalization;
using KlarKonform.Backup.DemoTenant.Drift;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.Engine;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.TestSupport;
using KlarKonform.Backup.Trials;

namespace KlarKonform.Backup.Drift;

/// <summary>
/// One seed's adversary: a small tenant with everything, a run against drifting answers, one against correct answers, and what the
/// snapshots contain after each. Every other seed begins with an undisturbed run and changes, so that updates and removals are covered.
/// </summary>
public sealed class DriftSeed : IDisposable
{
    private const string Name = "Drift";
    private const int Changes = 25;
    private const int Haste = 400;

    private readonly int _seed;
    private readonly bool _restic;
    private readonly DemoTenantServer _tenant;
    private readonly TemporaryFolder _folder = new();
    private readonly TrialHost _host;
    private readonly BackupEngine _engine;
    private readonly List<string> _account = [];
    private readonly List<string> _lost = [];

    private DriftSeed(int seed, bool restic, DemoTenantServer tenant)
    {
        (_seed, _restic, _tenant) = (seed, restic, tenant);
        _host = new TrialHost(tenant, _folder);
        _engine = new BackupEngine(_folder["home"], new BriskTime(Haste), new Random(seed));
    }

    /// <summary>Runs a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="restic">Whether stock restic checks the repository at the end instead of the engine itself.</param>
    /// <param name="cancellationToken">Cancels the trial.</param>
    public static async Task<DriftResult> RunAsync(int seed, bool restic, CancellationToken cancellationToken)
    {
        await using var tenant = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                SharePointUnitsPerMinute = 1_000_000,
                IdentityUnitsPerTenSeconds = 1_000_000,
                Sizes = new TenantSizes
                {
                    Users = 3,
                    MailsPerUser = 8,
                    FilesPerUser = 7,
                    Sites = 2,
                    FilesPerLibrary = 4,
                    MaxFileBytes = 20_000,
                    EventsPerUser = 8,
                    ContactsPerUser = 5,
                    MaxAttachmentBytes = 5_000,
                    AttachmentShare = 0.4,
                    Seed = seed,
                },
            }
        );
        using var each = new DriftSeed(seed, restic, tenant);
        return await each.RunAsync(cancellationToken);
    }

    /// <summary>Removes its folder.</summary>
    public void Dispose() => _folder.Dispose();

    private async Task<DriftResult> RunAsync(CancellationToken cancellationToken)
    {
        await _host.PrepareAsync(cancellationToken);
        await _engine.CreateConfigurationAsync(Configuration(), cancellationToken);
        var result = new DriftResult(_seed);
        if (_seed % 2 == 1)
        {
            await RunAsync("undisturbed", false, cancellationToken);
            _tenant.Change((_, generator) => generator.ChangeEverything(Changes));
        }

        var drift = new AnswerDrift(_seed, _tenant.BaseUrl + "/v1.0", DateTimeOffset.UtcNow);
        _tenant.ChangeAnswers(drift.Change);
        var run = await RunAsync("drifting", false, cancellationToken);
        _tenant.ChangeAnswers(null);
        foreach (var touch in drift.Record.Touches.OrderBy(touch => touch.Path, StringComparer.Ordinal))
            _account.Add($"  touched {(touch.IsPart ? "part" : "item")} {touch.Target}: {touch.How}  ({touch.Path})");
        if (run is not null)
        {
            // A resource whose users or sites could not be named has failed as a whole, and is only in the list of resources.
            var named = run
                .RetryList.Concat(
                    run.Resources.Where(each => each.Status == BackupState.Failed)
                        .Select(each => new ItemFailure
                        {
                            Kind = each.Kind,
                            Resource = each.Name,
                            ItemId = "resource",
                            Level = FailureLevel.Resource,
                            Name = each.Name,
                            Code = each.Code ?? "",
                            Message = each.Message ?? "",
                        })
                )
                .ToArray();
            var findings = (await CompareAsync(cancellationToken)).Findings(drift.Record, named);
            result = result with
            {
                UntouchedLost = [.. findings.Where(each => each.Loss == DriftLoss.Untouched).Select(each => $"{each.Item}: {each.What}")],
                SilentLosses = [.. findings.Where(each => each.Loss == DriftLoss.Silent).Select(each => $"{each.Item}: {each.What}")],
                UnrelatedFailures = Unrelated(drift.Record, run.Failures),
                Failures = run.RetryList.Count,
            };
            if (run.RetryList.Count > 0 && run.Status != BackupState.Partial)
                _lost.Add($"drifting: {run.Status} with {run.RetryList.Count} failures");
        }

        var last = await RunAsync("repairing", false, cancellationToken);
        var differences = (await CompareAsync(cancellationToken)).Differences();
        if (differences.Count > 0)
        {
            result = result with { NeededFull = true, BeforeFull = differences };
            last = await RunAsync("repairing with -Full", true, cancellationToken);
            differences = (await CompareAsync(cancellationToken)).Differences();
        }

        return result with
        {
            RunsLost = _lost,
            Unrepaired =
            [
                .. differences,
                .. last?.RetryList.Select(failure => $"still to retry: {failure.Kind} {failure.Resource} {failure.ItemId}: {failure.Code}")
                    ?? [],
                .. await CheckAsync(cancellationToken),
            ],
            Touched = drift.Record.Touches.Count,
            Account = _account,
        };
    }

    // A failure concerns something that was altered, or something inside it.
    private string[] Unrelated(DriftRecord record, IEnumerable<ItemFailure> failures)
    {
        var touched = record.Touches.Select(touch => touch.Target).ToHashSet(StringComparer.Ordinal);
        var expected = _tenant.Change((model, _) => DriftTruth.Of(model));
        return
        [
            .. failures
                .Where(failure =>
                    !IsTouched(failure.ItemId)
                    && !IsOfHierarchy(failure)
                    && !expected.Any(item =>
                        item.Kind == failure.Kind
                        && DriftComparison.IsOf(failure, item)
                        && (item.Id == failure.ItemId || item.Covers.Contains(failure.ItemId))
                        && (touched.Contains(item.Target) || item.Others.Any(touched.Contains) || item.Within.Any(touched.Contains))
                    )
                )
                .Select(failure => $"{failure.Kind} {failure.Resource} {failure.ItemId}: {failure.Code} {failure.Message}"),
        ];

        // Some folders are listed but not expected (search folders, one deleted since): one that lost its id is an entry in the listing
        // that cannot be told from another.
        bool IsOfHierarchy(ItemFailure failure) =>
            failure.ItemId == "folders"
            && record.Touches.Any(touch =>
                touch.Path.Contains("Folders", StringComparison.Ordinal)
                && touch.How.Contains("id: ", StringComparison.Ordinal)
                && expected.Any(item =>
                    item.Kind == failure.Kind
                    && DriftComparison.IsOf(failure, item)
                    && item.Within.Any(id => touch.Path.StartsWith($"/users/{id}/", StringComparison.Ordinal))
                )
            );

        // For an entry that lost its id, its position shows whose it was.
        bool IsTouched(string key) =>
            record.Touches.Any(touch =>
                key.Contains(':', StringComparison.Ordinal)
                && touch.Path.Contains($"/{key[(key.IndexOf(':', StringComparison.Ordinal) + 1)..]}/", StringComparison.Ordinal)
            )
            || touched.Any(target =>
                key == target
                || key.EndsWith(":" + target, StringComparison.Ordinal)
                || key.EndsWith("/" + target, StringComparison.Ordinal)
                || key.Contains($":{target}/", StringComparison.Ordinal)
                || target.EndsWith(key[(key.IndexOf(':', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal)
            );
    }

    private async Task<BackupRun?> RunAsync(string what, bool full, CancellationToken cancellationToken)
    {
        try
        {
            var run = await _engine.StartBackupAsync(Name, new BackupOptions { Full = full }, _host, _host, cancellationToken);
            _account.Add(
                $"{what}: {run.Status}, verified {run.Verified}, downloaded {run.ItemsDownloaded}, updated {run.ItemsUpdated},"
                    + $" removed {run.ItemsRemoved}, {run.Failures.Count} failures, {run.RetryList.Count} to retry {run.Error}"
            );
            foreach (var resource in run.Resources.Where(resource => resource.Status != BackupState.Succeeded || resource.Skipped))
                _account.Add(
                    $"  {resource.Kind} {resource.Name}: {resource.Status}{(resource.Skipped ? ", skipped" : "")} "
                        + $"{resource.Code} {resource.Message}"
                );
            foreach (var failure in run.RetryList)
                _account.Add(
                    $"  {failure.Level} failed: {failure.Kind} {failure.Resource} {failure.ItemId}: {failure.Code} "
                        + $"{failure.Message} {failure.Details}"
                );
            foreach (var note in run.Notes)
                _account.Add($"  note: {note}");
            if (run.Status is not (BackupState.Succeeded or BackupState.Partial) || run.SnapshotId is null)
                _lost.Add($"{what}: {run.Status} {run.Error}");
            return run;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _account.Add($"{what}: {exception}");
            _lost.Add($"{what}: {exception.GetType().Name}: {exception.Message}");
            return null;
        }
    }

    private async Task<DriftComparison> CompareAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<DriftStored> stored = [];
        try
        {
            stored = await DriftSnapshot.ReadAsync(_folder["repository"], TrialHost.Password, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidOperationException or RepositoryException)
        {
            _account.Add($"no snapshot can be read: {exception.Message}"); // The run failed, and said so.
        }

        return new DriftComparison(_tenant.Change((model, _) => DriftTruth.Of(model)), stored);
    }

    private async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken)
    {
        if (!_restic)
        {
            var report = await _engine.TestIntegrityAsync(Name, new IntegrityOptions { ReadData = true }, _host, _host, cancellationToken);
            return report.Passed ? [] : [.. report.Problems.Select(problem => "check: " + problem)];
        }

        var (code, output, errors) = new StockRestic(_folder["repository"], TrialHost.Password).TryRun("check", "--read-data");
        return code == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"restic check exited with {code}: {output} {errors}")];
    }

    private BackupConfiguration Configuration() =>
        _host.Configuration(
            1,
            Name,
            new SourceSettings
            {
                Mail = new MailSelection(),
                Calendar = new SourceSelection(),
                Contacts = new SourceSelection(),
                Directory = new DirectorySettings(),
                OneDrive = new DriveSelection(),
                SharePoint = new DriveSelection(),
            },
            _folder["repository"]
        );
}
