using KlarKonform.Backup.DemoTenant.Generation;

namespace KlarKonform.Backup.Engine.Tests.Losses;

/// <summary>A missing file of the repository is noticed by the next run, whichever file it is, and on any machine.</summary>
public sealed class LostFileTests
{
    [Theory]
    [InlineData("home")]
    [InlineData("elsewhere")]
    public async Task Every_single_file_that_is_removed_is_noticed_in_the_same_night(string home)
    {
        await using var scenario = await StartAsync(nights: 4);
        var files = Files(scenario.Folder["repository"]);
        Assert.Contains(files, file => file.StartsWith("snapshots", StringComparison.Ordinal));
        using var kept = new Copies(scenario);
        var unnoticed = new List<string>();
        foreach (var file in files)
        {
            // A machine that has never seen the newest snapshot cannot miss it: for it, the latest existing one is the newest.
            if (home != "home" && file == "snapshots/" + kept.Newest)
                continue;
            File.Delete(scenario.Folder["repository", file]);
            if (await NightAsync(scenario, home) is (BackupState.Succeeded, _))
                unnoticed.Add(file);
            kept.Restore();
        }

        Assert.Equal([], unnoticed);
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
    }

    [Fact]
    public async Task An_index_that_is_lost_together_with_its_pack_is_noticed_too()
    {
        await using var scenario = await StartAsync(nights: 3);
        using var kept = new Copies(scenario);
        var random = new Random(1);
        var (indexes, packs) = (Named("index"), Named("data"));
        for (var trial = 0; trial < 12; trial++)
        {
            string[] gone = [indexes[random.Next(indexes.Length)], packs[random.Next(packs.Length)]];
            foreach (var file in gone)
                File.Delete(scenario.Folder["repository", file]);
            var (state, _) = await NightAsync(scenario, "home");
            Assert.True(state != BackupState.Succeeded, string.Join(" and ", gone));
            kept.Restore();
        }

        string[] Named(string folder) =>
            [.. Files(scenario.Folder["repository"]).Where(file => file.StartsWith(folder, StringComparison.Ordinal))];
    }

    [Fact]
    public async Task The_loss_stays_said_night_after_night_until_it_is_mended()
    {
        await using var scenario = await StartAsync(nights: 3);
        var lost = Directory.GetFiles(scenario.Folder["repository", "index"]).OrderBy(File.GetLastWriteTimeUtc).First();
        var aside = scenario.Folder["aside"];
        File.Move(lost, aside);
        for (var night = 0; night < 3; night++)
            Assert.NotEqual(BackupState.Succeeded, (await NightAsync(scenario, "home")).State);
        var repaired = await scenario.Engine.RepairAsync("Test", new RepairOptions(), scenario, scenario, default);
        Assert.True(repaired.PacksRead > 0);
        Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario, "home")).State);
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task What_another_program_tidied_is_explained_by_reading_and_the_run_succeeds()
    {
        await using var scenario = await StartAsync(nights: 4);
        var oldest = (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default))[0].SnapshotId;
        scenario.Restic.Run("forget", oldest, "--prune");
        var (state, notes) = await NightAsync(scenario, "home");
        Assert.Equal(BackupState.Partial, state);
        Assert.Contains(notes, note => note.Contains(oldest[..8], StringComparison.Ordinal));

        // Until someone says that this was intended.
        (state, notes) = await NightAsync(scenario, "home");
        Assert.Equal(BackupState.Partial, state);
        Assert.Contains(
            notes,
            note => note.Contains(oldest[..8], StringComparison.Ordinal) && note.Contains("Repair-KKBackup", StringComparison.Ordinal)
        );
        Assert.Equal(
            oldest,
            Assert.Single(
                (
                    await scenario.Engine.RepairAsync("Test", new RepairOptions { PlanOnly = true }, scenario, scenario, default)
                ).MissingSnapshots
            )
        );
        await scenario.Engine.RepairAsync("Test", new RepairOptions(), scenario, scenario, default);
        Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario, "home")).State);
        scenario.Restic.Run("rebuild-index");
        Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario, "home")).State);
    }

    [Fact]
    public async Task Our_own_retention_is_no_loss_neither_here_nor_on_another_machine()
    {
        await using var scenario = await StartAsync(nights: 2);
        foreach (var home in (string[])["home", "elsewhere"])
        {
            await scenario
                .NewEngine(home)
                .UpdateConfigurationAsync(
                    scenario.Configuration() with
                    {
                        Retention = new RetentionSettings
                        {
                            Preset = RetentionPreset.Custom,
                            Keep = new KeepSettings { Last = 2 },
                        },
                    },
                    default
                );
        }

        for (var night = 0; night < 4; night++)
        {
            var (state, notes) = await NightAsync(scenario, night % 2 == 0 ? "home" : "elsewhere");
            Assert.True(state == BackupState.Succeeded, string.Join("; ", notes));
        }

        Assert.Equal(2, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
    }

    [Fact]
    public async Task A_snapshot_file_that_is_damaged_ends_neither_listing_nor_backup_and_is_named()
    {
        await using var scenario = await StartAsync(nights: 3);
        var snapshots = await scenario.Engine.GetSnapshotsAsync("Test", scenario, default);
        var file = scenario.Folder["repository", "snapshots", snapshots[1].SnapshotId];
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^5] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        Directory.Delete(scenario.Folder["home", "cache"], recursive: true);
        Assert.Equal(snapshots.Count - 1, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
        var (state, notes) = await NightAsync(scenario, "home");
        Assert.Equal(BackupState.Partial, state);
        Assert.Contains(notes, note => note.Contains(snapshots[1].SnapshotId[..8], StringComparison.Ordinal));
        var refused = await Assert.ThrowsAsync<BackupException>(() =>
            scenario.Engine.RunRetentionAsync("Test", new RetentionOptions(), scenario, scenario, default)
        );
        Assert.Equal("RepositoryDamaged", refused.ErrorId);
        Assert.False((await scenario.Engine.TestIntegrityAsync("Test", new IntegrityOptions(), scenario, scenario, default)).Passed);
    }

    [Fact]
    public async Task An_index_file_that_is_damaged_is_named_by_the_check_and_mended_by_the_repair()
    {
        await using var scenario = await StartAsync(nights: 2);
        var file = Directory.GetFiles(scenario.Folder["repository", "index"]).OrderBy(File.GetLastWriteTimeUtc).First();
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^5] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        var report = await scenario.Engine.TestIntegrityAsync("Test", new IntegrityOptions(), scenario, scenario, default);
        Assert.Contains(report.Problems, problem => problem.Contains(Path.GetFileName(file), StringComparison.Ordinal));
        var repaired = await scenario.Engine.RepairAsync("Test", new RepairOptions(), scenario, scenario, default);
        Assert.Equal(Path.GetFileName(file), Assert.Single(repaired.DamagedIndexes));
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Assert.Equal(BackupState.Succeeded, (await NightAsync(scenario, "home")).State);
    }

    [Fact]
    public async Task Beside_a_repository_whose_config_is_gone_no_new_one_is_created()
    {
        await using var scenario = await StartAsync(nights: 1);
        File.Delete(scenario.Folder["repository", "config"]);
        var before = Files(scenario.Folder["repository"]);
        var refused = await Assert.ThrowsAsync<BackupException>(() => scenario.RunAsync(engine: scenario.NewEngine("other")));
        Assert.Equal("RepositoryDamaged", refused.ErrorId);
        Assert.Equal(before, Files(scenario.Folder["repository"]));
    }

    [Fact]
    public async Task After_a_repair_of_the_snapshots_the_next_backup_fetches_what_was_lost()
    {
        await using var scenario = await StartAsync(nights: 2);
        foreach (
            var pack in Directory
                .EnumerateFiles(scenario.Folder["repository", "data"], "*", SearchOption.AllDirectories)
                .OrderByDescending(file => new FileInfo(file).Length)
                .Take(1)
        )
            File.Delete(pack);
        Assert.Equal(BackupState.Partial, (await NightAsync(scenario, "home")).State);
        var plan = await scenario.Engine.RepairAsync(
            "Test",
            new RepairOptions { Snapshots = true, PlanOnly = true },
            scenario,
            scenario,
            default
        );
        Assert.Single(plan.AbsentPacks);
        var done = await scenario.Engine.RepairAsync(
            "Test",
            new RepairOptions { Snapshots = true, Forget = true },
            scenario,
            scenario,
            default
        );
        Assert.NotEmpty(done.Snapshots);
        Assert.All(done.Snapshots, each => Assert.NotEmpty(each.Lost));
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
        var (state, notes) = await NightAsync(scenario, "home");
        Assert.True(state == BackupState.Succeeded, string.Join("; ", notes));
        await scenario.AssertSnapshotEqualsTenantAsync();
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    // A night's run: how it ended, and what it reported.
    private static async Task<(BackupState State, IReadOnlyList<string> Notes)> NightAsync(BackupScenario scenario, string home)
    {
        try
        {
            var run = await scenario.RunAsync(engine: scenario.NewEngine(home));
            return (run.Status, run.Notes);
        }
        catch (BackupException exception)
        {
            return (BackupState.Failed, [exception.Message]);
        }
    }

    private static string[] Files(string repository) =>
        [
            .. Directory
                .EnumerateFiles(repository, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(repository, file).Replace('\\', '/'))
                .Where(file => !file.StartsWith("locks", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    // A small tenant, backed up for some nights with changes between them; other machines have the configuration.
    private static async Task<BackupScenario> StartAsync(int nights)
    {
        var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 2,
                MailsPerUser = 6,
                FilesPerUser = 5,
                MaxFileBytes = 60_000,
            }
        );
        foreach (var home in (string[])["elsewhere", "other"])
            await scenario.NewEngine(home).CreateConfigurationAsync(scenario.Configuration(), default);
        for (var night = 0; night < nights; night++)
        {
            await scenario.RunAsync();
            scenario.Tenant.Change((_, generator) => generator.Change(4));
        }

        await scenario.RunAsync();
        return scenario;
    }

    /// <summary>Repository and homes as they were, to start from again.</summary>
    private sealed class Copies : IDisposable
    {
        private readonly TestSupport.TemporaryFolder _folder = new();
        private readonly BackupScenario _scenario;

        public Copies(BackupScenario scenario)
        {
            _scenario = scenario;
            foreach (var name in Names)
                Copy(scenario.Folder[name], _folder[name]);
            Newest = Directory
                .GetFiles(scenario.Folder["repository", "snapshots"])
                .Select(file => new FileInfo(file))
                .MaxBy(file => file.LastWriteTimeUtc)!
                .Name;
        }

        public string Newest { get; }

        private static string[] Names => ["repository", "home", "elsewhere"];

        public void Restore()
        {
            foreach (var name in Names)
            {
                Directory.Delete(_scenario.Folder[name], recursive: true);
                Copy(_folder[name], _scenario.Folder[name]);
            }
        }

        public void Dispose() => _folder.Dispose();

        private static void Copy(string from, string to)
        {
            Directory.CreateDirectory(to);
            foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(to, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
                File.SetLastWriteTimeUtc(target, File.GetLastWriteTimeUtc(file));
            }
        }
    }
}
