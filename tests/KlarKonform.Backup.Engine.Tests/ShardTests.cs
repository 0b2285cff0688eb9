using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Several workers, each with a home folder of its own, share a run only through the repository.</summary>
public sealed class ShardTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 9,
        MailsPerUser = 20,
        FilesPerUser = 8,
        EventsPerUser = 4,
        ContactsPerUser = 4,
        MaxFileBytes = 100_000,
    };

    [Fact]
    public async Task Four_workers_end_with_one_snapshot_and_nothing_is_read_twice()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, sources: BackupScenario.Everything);
        var workers = await WorkersAsync(scenario, 4, BackupScenario.Everything);
        var runs = await Task.WhenAll(
            workers.Select((engine, index) => scenario.RunAsync(new BackupOptions { ShardCount = 4, ShardIndex = index }, engine))
        );
        Assert.All(runs, run => Assert.Equal(BackupState.Succeeded, run.Status));
        var snapshot = Assert.Single(runs.Select(run => run.SnapshotId).Distinct());
        var merger = Assert.Single(runs, run => run.Verification is not null);
        Assert.Equal((merger.Verification!.ItemsExpected, true), (merger.Verification.ItemsStored, merger.Verification.IsClean));
        // Equal if others took its shard too.
        Assert.Equal(
            (merger.ResourcesTotal, runs.Where(run => run != merger).Sum(run => run.ResourcesDone) <= merger.ResourcesDone),
            (merger.ResourcesDone, true)
        );
        Assert.Equal([snapshot], (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Select(each => each.SnapshotId));
        await AssertSoundAsync(scenario);
        scenario.Tenant.Change(
            (model, _) =>
                Assert.Equal(
                    model.Users.Sum(user =>
                        (user.Mailbox?.Messages.Count ?? 0) + (user.Mailbox?.Events.Count ?? 0) + (user.Mailbox?.Contacts.Count ?? 0)
                    ),
                    merger.Resources.Where(each => each.Kind is "Mail" or "Calendar" or "Contacts").Sum(each => each.ItemsStored)
                )
        );

        // The next night: fewer workers, more shards, none of them preassigned; then only one process.
        scenario.Tenant.Change((_, generator) => generator.Change(25));
        var next = await Task.WhenAll(workers.Take(2).Select(engine => scenario.RunAsync(new BackupOptions { ShardCount = 7 }, engine)));
        Assert.All(next, run => Assert.Equal(BackupState.Succeeded, run.Status));
        await AssertSoundAsync(scenario);
        scenario.Tenant.Change((_, generator) => generator.Change(25));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        Assert.Equal(3, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
        await AssertSoundAsync(scenario);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(1)]
    public async Task What_a_stopped_worker_has_is_kept_however_the_run_is_divided_afterwards(int shards)
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        scenario.Tenant.Contents.BytesPerSecond = 400_000;
        var running = scenario.RunAsync(new BackupOptions { ShardCount = 3, ShardIndex = 1 });
        await UntilAsync(async () => (await scenario.Engine.GetStatusAsync("Test", default)).Items > 120);
        await scenario.Engine.StopBackupAsync("Test", TimeSpan.FromMinutes(1), default);
        Assert.Equal(BackupState.Partial, (await running).Status);
        Assert.NotEmpty(await scenario.Engine.GetSnapshotsAsync("Test", scenario, default));
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);

        scenario.Tenant.Contents.BytesPerSecond = 0;
        var before = scenario.Tenant.Contents.Served.ToDictionary();
        var worker = (await WorkersAsync(scenario, 1))[0];
        var run = await scenario.RunAsync(new BackupOptions { ShardCount = shards }, worker);
        Assert.Equal(BackupState.Succeeded, run.Status);
        Assert.Equal(
            [run.SnapshotId],
            (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Select(each => each.SnapshotId)
        );
        // What was in progress.
        Assert.InRange(before.Count(item => scenario.Tenant.Contents.Served[item.Key] > item.Value), 0, before.Count / 4);
        await AssertSoundAsync(scenario);
    }

    [Fact]
    public async Task Shards_say_what_they_wrote_and_what_is_lost_of_it_before_the_merge_is_found()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        scenario.Tenant.Contents.BytesPerSecond = 400_000;
        var running = scenario.RunAsync(new BackupOptions { ShardCount = 3, ShardIndex = 0 });
        await UntilAsync(() => Task.FromResult(Tags(scenario).Any(tags => tags.Contains("shard-done"))));
        await scenario.Engine.StopBackupAsync("Test", TimeSpan.FromMinutes(1), default);
        Assert.Equal(BackupState.Partial, (await running).Status);

        // Each shard's newest snapshot counts everything that was ever written for it; the older ones are gone.
        var shards = Tags(scenario);
        Assert.Equal(
            shards.Count,
            shards.Select(tags => Assert.Single(tags, tag => tag.StartsWith("shard:", StringComparison.Ordinal))).Distinct().Count()
        );
        Assert.All(shards.Where(tags => tags.Contains("shard-done")), tags => Assert.Contains("shard-verified", tags));
        var written = shards.Select(tags =>
            Assert.Single(tags, tag => tag.StartsWith("written:", StringComparison.Ordinal))["written:".Length..]
        );
        Assert.Equal(
            Files(scenario),
            written.Aggregate(
                default(FileSetDigest),
                (sum, text) => FileSetDigest.TryParse(text, out var census) ? sum.With(census) : throw new FormatException(text)
            )
        );

        // A disk loses a file meanwhile: the merging worker did not write it, and notices the loss nevertheless.
        var pack = new DirectoryInfo(scenario.Folder["repository", "data"])
            .EnumerateFiles("*", SearchOption.AllDirectories)
            .MaxBy(file => file.Length)!
            .FullName;
        File.Move(pack, scenario.Folder["lost"]);
        scenario.Tenant.Contents.BytesPerSecond = 0;
        var run = await scenario.RunAsync(new BackupOptions { ShardCount = 3 }, (await WorkersAsync(scenario, 1))[0]);
        Assert.Equal((BackupState.Partial, false), (run.Status, run.Verification!.IsClean));
        Assert.Contains(run.Verification.Problems, problem => problem.Contains(Path.GetFileName(pack)[..8], StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_was_silent_for_minutes_loses_its_shard_and_its_work_is_gone_on_with()
    {
        var time = new JumpingTime();
        await using var scenario = await BackupScenario.StartAsync(s_sizes, time: time);
        scenario.Tenant.Contents.BytesPerSecond = 400_000;
        var workers = await WorkersAsync(scenario, 2);
        var slow = scenario.RunAsync(new BackupOptions { ShardCount = 2, ShardIndex = 0 });
        await UntilAsync(async () => (await scenario.Engine.GetStatusAsync("Test", default)).Items > 40);

        // Like a paused virtual machine: its lock is gone when it wakes up, and another worker has its shard.
        foreach (var file in Directory.GetFiles(scenario.Folder["repository", "locks"]))
            File.Delete(file);
        var other = scenario.RunAsync(new BackupOptions { ShardCount = 2, ShardIndex = 0 }, workers[0]);
        await UntilAsync(() => Task.FromResult(Directory.GetFiles(scenario.Folder["repository", "locks"]).Length > 0));
        time.Jump(TimeSpan.FromMinutes(10));
        scenario.Tenant.Contents.BytesPerSecond = 0;
        var runs = await Task.WhenAll(slow, other);
        Assert.All(runs, run => Assert.Equal(BackupState.Succeeded, run.Status));
        Assert.Single(runs.Select(run => run.SnapshotId).Distinct());
        await AssertSoundAsync(scenario);
    }

    [Fact]
    public async Task A_worker_waits_while_somebody_has_the_repository_for_himself()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scenario.OnProgress = progress =>
        {
            if (progress.Text.StartsWith("Waiting for other workers", StringComparison.Ordinal))
                waiting.TrySetResult();
        };
        using var repository = await ResticRepository.OpenAsync(
            new FolderObjectStore(scenario.Folder["repository"]),
            BackupScenario.Password,
            default
        );
        Task<BackupRun> running;
        await using (await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default))
        {
            running = scenario.RunAsync(new BackupOptions { ShardCount = 2 });
            await Task.WhenAny(waiting.Task, running).WaitAsync(TimeSpan.FromMinutes(1));
            Assert.False(running.IsCompleted);
        }

        Assert.Equal(BackupState.Succeeded, (await running).Status);
        await AssertSoundAsync(scenario);
    }

    [Fact]
    public async Task Workers_and_a_run_of_one_process_exclude_each_other_and_the_status_sees_workers()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        scenario.Tenant.Contents.BytesPerSecond = 400_000;
        var alone = (await WorkersAsync(scenario, 1))[0];
        var running = scenario.RunAsync(new BackupOptions { ShardCount = 2, ShardIndex = 0 });
        await UntilAsync(async () => (await scenario.Engine.GetStatusAsync("Test", default)).Items > 40);
        Assert.Equal(
            "AlreadyRunningElsewhere",
            (await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync(engine: alone))).ErrorId
        );
        Assert.Equal(BackupState.Running, (await alone.GetRepositoryStatusAsync("Test", scenario, default)).Status);
        scenario.Tenant.Contents.BytesPerSecond = 0;
        Assert.Equal(BackupState.Succeeded, (await running).Status);
    }

    [Theory]
    [InlineData(0, null, "ShardCountInvalid")]
    [InlineData(5000, null, "ShardCountInvalid")]
    [InlineData(4, 4, "ShardIndexInvalid")]
    [InlineData(4, -1, "ShardIndexInvalid")]
    [InlineData(1, 1, "ShardIndexInvalid")]
    public async Task Numbers_that_make_no_sense_are_refused_before_anything_happens(int count, int? index, string error)
    {
        await using var scenario = await BackupScenario.StartAsync(new TenantSizes { Users = 1 });
        var refusal = await Assert.ThrowsAsync<BackupException>(() =>
            scenario.RunAsync(new BackupOptions { ShardCount = count, ShardIndex = index })
        );
        Assert.Equal((error, BackupErrorCategory.InvalidArgument), (refusal.ErrorId, refusal.Category));
        Assert.False(Directory.Exists(scenario.Folder["repository"]));
    }

    [Fact]
    public async Task When_nothing_could_be_backed_up_the_run_fails_and_leaves_no_shard_behind()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 3,
                MailsPerUser = 3,
                FilesPerUser = 0,
            },
            new DemoTenantOptions { Permissions = new HashSet<string> { "User.Read.All" } },
            new SourceSettings { Mail = new MailSelection() }
        );
        Assert.Equal(
            "GraphAccessDenied",
            (await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync(new BackupOptions { ShardCount = 3 }))).ErrorId
        );
        Assert.Empty(await scenario.Engine.GetSnapshotsAsync("Test", scenario, default));
    }

    private static async Task<IReadOnlyList<BackupEngine>> WorkersAsync(BackupScenario scenario, int count, SourceSettings? sources = null)
    {
        var workers = new List<BackupEngine>();
        for (var number = 0; number < count; number++)
        {
            var engine = scenario.NewEngine($"worker {number}");
            var configuration = scenario.Configuration();
            await engine.CreateConfigurationAsync(sources is null ? configuration : configuration with { Sources = sources }, default);
            workers.Add(engine);
        }

        return workers;
    }

    private static async Task AssertSoundAsync(BackupScenario scenario)
    {
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    private static List<List<string>> Tags(BackupScenario scenario)
    {
        var (code, output, _) = scenario.Restic.TryRun("snapshots", "--json", "--no-lock");
        if (code != 0)
            return []; // Not created yet.
        using var snapshots = JsonDocument.Parse(output);
        return
        [
            .. snapshots
                .RootElement.EnumerateArray()
                .Select(snapshot => snapshot.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!).ToList()),
        ];
    }

    private static FileSetDigest Files(BackupScenario scenario) =>
        ((string[])["data", "index"])
            .SelectMany(folder => new DirectoryInfo(scenario.Folder["repository", folder]).EnumerateFiles("*", SearchOption.AllDirectories))
            .Aggregate(default(FileSetDigest), (census, file) => census.With(BlobId.Parse(file.Name), file.Length));

    private static async Task UntilAsync(Func<Task<bool>> isReached)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await isReached())
            await Task.Delay(50, limit.Token);
    }
}
