using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>OneDrive and SharePoint: what is read, what is left out, what is reported.</summary>
public sealed class DriveTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 2,
        MailsPerUser = 0,
        EventsPerUser = 0,
        ContactsPerUser = 0,
        FilesPerUser = 12,
        FilesPerLibrary = 6,
        Sites = 3,
        MaxFileBytes = 200_000,
    };

    // This is about the properties, not the quota.
    private static readonly DemoTenantOptions s_options = new();

    private static SourceSettings Drives => new() { OneDrive = new DriveSelection(), SharePoint = new DriveSelection() };

    [Fact]
    public async Task Sites_with_subsites_libraries_lists_and_pages_are_backed_up()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, s_options, Drives);
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, run.Status);
        await scenario.AssertSnapshotEqualsTenantAsync();
        Assert.Empty(scenario.Tenant.Counters.Violations);

        var calm = await scenario.RunAsync();
        Assert.Equal((0, 0, 0), (calm.ItemsDownloaded, calm.ItemsUpdated, calm.ItemsRemoved));
        scenario.Restic.Run("check");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_thirty_random_rounds_the_snapshot_equals_the_drives(bool addresses)
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options with
            {
                DownloadAddresses = addresses,
                SharePointUnitsPerMinute = 100_000,
            },
            new SourceSettings { OneDrive = new DriveSelection { OlderVersions = 2 } }
        );
        var random = new Random(addresses ? 5 : 6);
        await scenario.RunAsync();
        for (var round = 0; round < 30; round++)
        {
            scenario.Tenant.Change(
                (model, generator) =>
                {
                    foreach (var user in model.Users.Where(user => user.Drive is not null))
                    {
                        for (var i = random.Next(12); i > 0; i--)
                            generator.Drives.Change(user.Drive!, odd: true);
                    }
                }
            );
            switch (random.Next(10))
            {
                case 0:
                    scenario.Tenant.ExpireDeltaTokens();
                    break;
                case 1:
                    scenario.Tenant.ExpireDeltaTokens("resyncChangesUploadDifferences");
                    break;
                case 2:
                    scenario.Tenant.BreakDownloads(3);
                    break;
                case 3:
                    scenario.Tenant.ExpireDownloads();
                    break;
            }

            var run = await scenario.RunAsync();
            Assert.Equal(BackupState.Succeeded, run.Status);
            await scenario.AssertSnapshotEqualsTenantAsync();
        }

        Assert.Empty(scenario.Tenant.Counters.Violations);
        scenario.Restic.Run("check");
    }

    [Fact]
    public async Task After_random_rounds_the_snapshot_equals_the_sites()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options with
            {
                SharePointUnitsPerMinute = 100_000,
            },
            new SourceSettings { SharePoint = new DriveSelection() }
        );
        await scenario.RunAsync();
        for (var round = 0; round < 12; round++)
        {
            scenario.Tenant.Change(
                (_, generator) =>
                {
                    for (var i = 0; i < 10; i++)
                        generator.Sites.Change();
                }
            );
            if (round % 5 == 3)
                scenario.Tenant.ExpireDeltaTokens();
            Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
            await scenario.AssertSnapshotEqualsTenantAsync();
        }
    }

    [Fact]
    public async Task What_drives_hold_beside_plain_files_is_kept_or_named()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options,
            new SourceSettings { OneDrive = new DriveSelection { OlderVersions = 2 } }
        );
        scenario.Tenant.Change((model, generator) => generator.Drives.AddOddities(model.Users[0].Drive!));
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        var failure = Assert.Single(run.Failures);
        Assert.Equal(("virus.exe", true), (failure.Name, failure.Permanent));
        Assert.Contains(run.Notes, note => note.Contains("umgeschrieben.docx", StringComparison.Ordinal));
        Assert.Contains(run.Notes, note => note.Contains("onetoc2", StringComparison.Ordinal));
        await scenario.AssertSnapshotEqualsTenantAsync();

        // Permanently known: the next run does not request it again. It is not in the backup, and is reported until someone accepts that.
        scenario.Tenant.Counters.Reset();
        var next = await scenario.RunAsync();
        Assert.Equal((BackupState.Partial, 0, "virus.exe"), (next.Status, next.Failures.Count, Assert.Single(next.RetryList).Name));
        Assert.Equal(0, scenario.Tenant.Counters["content"] + scenario.Tenant.Counters["download"]);
    }

    [Fact]
    public async Task A_renamed_or_moved_folder_costs_no_download_and_one_request()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options,
            new SourceSettings { OneDrive = new DriveSelection() }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var drive = model.Users[0].Drive!;
                var target = generator.AddFolder(drive, drive.Root, "Archiv");
                drive.Move(
                    drive.Items.Values.First(item => item is { IsFolder: true } && item.ParentId == drive.Root.Id && item != target),
                    target
                );
            }
        );
        scenario.Tenant.Counters.Reset();
        var run = await scenario.RunAsync();
        Assert.Equal((0, 1), (run.ItemsDownloaded, run.ItemsUpdated));
        Assert.Equal(
            (0, 0, 0),
            (scenario.Tenant.Counters["content"], scenario.Tenant.Counters["download"], scenario.Tenant.Counters["driveItem"])
        );
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_locked_site_is_named_and_keeps_what_was_backed_up()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, s_options, Drives);
        await scenario.RunAsync();
        var title = scenario.Tenant.Change(
            (model, _) =>
            {
                model.Sites[1].IsLocked = true;
                return model.Sites[1].Path;
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        Assert.Equal(FailureLevel.Resource, Assert.Single(run.RetryList).Level);
        Assert.Contains(run.Notes, note => note.Contains(title, StringComparison.Ordinal));
        Assert.Contains(Listed(scenario), path => path.StartsWith("/SharePoint/Vertrieb/Dokumente/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_drive_of_a_user_who_left_is_read_as_long_as_it_is_served()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options,
            new SourceSettings { OneDrive = new DriveSelection() }
        );
        await scenario.RunAsync();
        var (drive, name) = scenario.Tenant.Change(
            (model, generator) =>
            {
                var user = model.Users[0];
                model.Users.Remove(user);
                generator.AddFile(user.Drive!, user.Drive!.Root, "zuletzt.txt", 500);
                return (user.Drive!, user.UserPrincipalName);
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, run.Status);
        Assert.Equal(1, run.ItemsDownloaded);
        Assert.Contains($"/OneDrive/{name}/zuletzt.txt", Listed(scenario));
        Assert.DoesNotContain(run.Notes, note => note.Contains(name, StringComparison.Ordinal));
        Assert.NotNull(drive);
    }

    [Fact]
    public async Task Sites_are_chosen_by_title_address_or_path()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options,
            new SourceSettings
            {
                SharePoint = new DriveSelection { Include = ["*/sites/*", "Start*"], Exclude = ["Startseite"] },
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal(
            scenario
                .Tenant.Model.Sites.Where(site => site.Path.StartsWith("/sites/", StringComparison.Ordinal))
                .Select(site => site.WebUrl)
                .Order(StringComparer.Ordinal),
            run.Resources.Select(resource => resource.Name)
        );
    }

    [Fact]
    public async Task Without_the_permission_for_sites_everything_else_is_backed_up_and_the_reason_named()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options with
            {
                Permissions = new HashSet<string> { "User.Read.All", "Files.Read.All" },
            },
            Drives
        );
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Partial, run.Status);
        var failed = Assert.Single(run.Resources, resource => resource.Status == BackupState.Failed);
        Assert.Equal("SharePoint", failed.Kind);
        Assert.Contains("Sites.Read.All", failed.Message, StringComparison.Ordinal);
        Assert.Contains(run.Resources, resource => resource is { Kind: "OneDrive", Status: BackupState.Succeeded, ItemsDownloaded: > 0 });
        Assert.DoesNotContain(Listed(scenario), path => path.Contains("unlisted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_claims_a_versions_name_loses_nothing()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options,
            new SourceSettings { OneDrive = new DriveSelection { OlderVersions = 5 } }
        );
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var drive = model.Users[0].Drive!;
                var file = generator.AddFile(drive, drive.Root, "plan.txt", 100);
                generator.AddFile(drive, drive.Root, $"plan [v1.0 {DriveComparison.Mark(file.Id)}].txt", 50);
                drive.Write(file, 77, 120, file.Modified.AddHours(1));
            }
        );
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        var names = Listed(scenario).Where(path => path.Contains("/plan", StringComparison.Ordinal)).ToArray();
        Assert.Equal(3, names.Length);
    }

    [Fact]
    public async Task Refused_downloads_wait_and_what_never_matches_its_hash_is_kept_named_and_read_again()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options,
            new SourceSettings { OneDrive = new DriveSelection() }
        );
        scenario.Tenant.Change(
            (model, generator) =>
                generator.AddFile(model.Users[0].Drive!, model.Users[0].Drive!.Root, "verändert.bin", 3000).ServedLonger = 5
        );
        scenario.Tenant.RefuseDownloads(3);
        var run = await scenario.RunAsync();
        Assert.Equal(
            ("HashMismatch", "verändert.bin", FailureLevel.Extra),
            (Assert.Single(run.Failures).Code, run.Failures[0].Name, run.Failures[0].Level)
        );

        scenario.Tenant.Change(
            (model, _) => model.Users[0].Drive!.Items.Values.Single(item => item.Name == "verändert.bin").ServedLonger = 0
        );
        var mended = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 1), (mended.Status, mended.ItemsDownloaded));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Addresses_that_expire_while_files_are_queued_are_asked_for_anew()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options,
            new SourceSettings { OneDrive = new DriveSelection() }
        );
        var expired = 0;
        scenario.Tenant.Counters.OnRequest = kind =>
        {
            if (kind == "download" && Interlocked.Exchange(ref expired, 1) == 0)
                scenario.Tenant.ExpireDownloads();
        };
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        Assert.True(scenario.Tenant.Counters["content"] > 0);
        await scenario.AssertSnapshotEqualsTenantAsync();
        Assert.Empty(scenario.Tenant.Counters.Violations);
    }

    [Fact]
    public async Task A_deleted_folder_that_is_reported_alone_takes_its_content_along_but_not_what_moved_out()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options,
            new SourceSettings { OneDrive = new DriveSelection() }
        );
        var (drive, folder, saved) = scenario.Tenant.Change(
            (model, generator) =>
            {
                var drive = model.Users[0].Drive!;
                var folder = generator.AddFolder(drive, drive.Root, "Weg damit");
                generator.AddFile(drive, generator.AddFolder(drive, folder, "innen"), "tief.txt", 300);
                generator.AddFile(drive, folder, "flach.txt", 300);
                return (drive, folder, generator.AddFile(drive, folder, "bleibt.txt", 300));
            }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (_, _) =>
            {
                drive.Move(saved, drive.Root);
                drive.Changes.Forget(saved.Id); // The move is only reported in the next round.
                drive.Delete(folder, alone: true);
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 4), (run.Status, run.ItemsRemoved));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_change_during_the_first_enumeration_is_found_by_the_next_run_at_the_latest()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes with
            {
                FilesPerUser = 60,
            },
            s_options,
            new SourceSettings { OneDrive = new DriveSelection() }
        );
        var random = new Random(3);
        scenario.Tenant.Counters.OnRequest = kind =>
        {
            if (kind == "download" && random.Next(3) == 0)
                scenario.Tenant.Change((model, generator) => generator.Drives.Change(model.Users[0].Drive!));
        };
        await scenario.RunAsync();
        scenario.Tenant.Counters.OnRequest = null;
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Content_type_and_retention_label_are_kept_with_a_file_by_option_and_follow_it()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            s_options,
            new SourceSettings { OneDrive = new DriveSelection { Columns = true } }
        );
        var (drive, file) = scenario.Tenant.Change(
            (model, generator) =>
                (model.Users[0].Drive!, generator.AddFile(model.Users[0].Drive!, model.Users[0].Drive!.Root, "Beleg.pdf", 700))
        );
        await scenario.RunAsync();
        Assert.Equal("", await LabelAsync(scenario, file.Id));

        scenario.Tenant.Change(
            (_, _) =>
            {
                file.RetentionLabel = "Zehn Jahre";
                drive.Rename(file, "Beleg 1.pdf");
            }
        );
        Assert.Equal(0, (await scenario.RunAsync()).ItemsDownloaded);
        Assert.Equal("Zehn Jahre", await LabelAsync(scenario, file.Id));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(501)]
    public async Task An_impossible_number_of_versions_is_refused_by_its_field(int count)
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, s_options, Drives);
        var wrong = scenario.Configuration("Falsch") with
        {
            Id = Guid.NewGuid(),
            Sources = new SourceSettings { SharePoint = new DriveSelection { OlderVersions = count } },
        };
        var error = await Assert.ThrowsAsync<BackupException>(() => scenario.Engine.CreateConfigurationAsync(wrong, default));
        Assert.Equal("ConfigurationFieldInvalid", error.ErrorId);
        Assert.Contains("sources.sharePoint.olderVersions", error.Message, StringComparison.Ordinal);
        Assert.Empty(await scenario.Engine.GetConfigurationsAsync("Falsch", default));
    }

    private static async Task<string?> LabelAsync(BackupScenario scenario, string id)
    {
        var stored = (await StoredItem.ReadAllAsync(scenario.Folder["repository"], BackupScenario.Password)).Single(item => item.Id == id);
        var row = stored.Document.GetProperty("listItem")[0];
        Assert.Equal("Dokument", row.GetProperty("contentType").GetProperty("name").GetString());
        return row.GetProperty("fields").GetProperty("_ComplianceTag").GetString();
    }

    private static string[] Listed(BackupScenario scenario) => scenario.Restic.Run("ls", "latest").Split('\n');
}
