using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Complete runs over everything in a tenant.</summary>
public sealed class ExchangeRunTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Thirty_rounds_of_random_changes_with_faults_end_with_a_snapshot_that_equals_the_tenant(int seed)
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 3,
                MailsPerUser = 12,
                FilesPerUser = 6,
                EventsPerUser = 8,
                ContactsPerUser = 8,
                MaxFileBytes = 20_000,
                Seed = seed,
            },
            new DemoTenantOptions { FaultRate = 0.01, SharePointUnitsPerMinute = 100_000 },
            BackupScenario.Everything
        );
        for (var round = 0; round <= 30; round++)
        {
            var run = await scenario.RunAsync();
            Assert.Equal((BackupState.Succeeded, true, 0), (run.Status, run.Verified, run.Failures.Count));
            Assert.Empty(run.Notes);
            if (round % 10 == 0)
                await scenario.AssertSnapshotEqualsTenantAsync();
            scenario.Tenant.Change((_, generator) => generator.ChangeEverything(10));
            if (round % 7 == 6)
                scenario.Tenant.RevokeTokens();
        }

        Assert.Empty(scenario.Tenant.Counters.Violations);
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_groups_members_are_all_kept_when_one_page_tells_them_in_portions()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 12,
                MailsPerUser = 0,
                FilesPerUser = 0,
                EventsPerUser = 0,
                ContactsPerUser = 0,
                Sites = 0,
            },
            sources: new SourceSettings { Directory = new DirectorySettings() }
        );
        Assert.Contains(scenario.Tenant.Model.Groups.Values, group => group.Members.Count > 3);
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task An_unchanged_run_asks_one_question_a_folder_and_reads_nothing()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: BackupScenario.Everything);
        await scenario.RunAsync();
        scenario.Tenant.Counters.Reset();
        var run = await scenario.RunAsync();
        Assert.Equal((0, 0, 0), (run.ItemsDownloaded, run.ItemsUpdated, run.ItemsRemoved));
        var mailboxes = scenario.Tenant.Model.Users.Select(user => user.Mailbox).Where(mailbox => mailbox is not null).ToArray();
        var asked = scenario.Tenant.Counters;
        Assert.Equal(
            mailboxes.Sum(mailbox =>
                mailbox!.Folders.Values.Count(folder => folder.WellKnownName != "msgfolderroot" && !folder.IsSearchFolder)
            ),
            asked["messageDelta"]
        );
        Assert.Equal(mailboxes.Sum(mailbox => mailbox!.Calendars.Count), asked["events"]);
        Assert.Equal(mailboxes.Sum(mailbox => mailbox!.ContactFolders.Count), asked["contactDelta"]);
        Assert.Equal((1, 1, 1), (asked["userDelta"], asked["orgContactDelta"], asked["groupDelta"]));
        Assert.Equal(0, asked["mime"] + asked["event"] + asked["contactPhoto"] + asked["photo"] + asked["download"] + asked["mailFolders"]);
    }

    [Fact]
    public async Task Expired_cursors_compare_everything_and_read_nothing_known_again()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: BackupScenario.Everything);
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                var mailbox = model.Users[0].Mailbox!;
                mailbox.Delete(mailbox.Messages.Values.First());
                mailbox.Delete(mailbox.Contacts.Values.First());
                model.OrgContacts.Remove(model.OrgContacts.Keys.First());
            }
        );
        scenario.Tenant.ExpireDeltaTokens();
        scenario.Tenant.Counters.Reset();
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0L, 3L), (run.Status, run.ItemsDownloaded, run.ItemsRemoved));
        Assert.Contains(run.Notes, note => note.Contains("delta cursor had expired", StringComparison.Ordinal));
        Assert.Equal(
            0,
            scenario.Tenant.Counters["mime"]
                + scenario.Tenant.Counters["event"]
                + scenario.Tenant.Counters["contactPhoto"]
                + scenario.Tenant.Counters["photo"]
        );
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_full_comparison_that_is_cut_begins_again_and_loses_no_removal()
    {
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 2,
                MailsPerUser = 600,
                FilesPerUser = 1,
                AttachmentShare = 0,
            }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change((model, _) => model.Users[0].Mailbox!.Delete(model.Users[0].Mailbox!.Messages.Values.First()));
        scenario.Tenant.ExpireDeltaTokens();
        using var stop = new CancellationTokenSource();
        var asked = 0;
        scenario.Tenant.Counters.OnRequest = kind =>
        {
            if (kind == "messageDelta" && ++asked == 12)
                stop.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scenario.RunAsync(cancellationToken: stop.Token));
        scenario.Tenant.Counters.OnRequest = null;
        scenario.Tenant.Counters.Reset();
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        Assert.Equal(0, scenario.Tenant.Counters["mime"]);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task A_user_who_is_deleted_while_the_run_is_on_is_a_note_and_no_failure()
    {
        await using var scenario = await BackupScenario.StartAsync(sources: BackupScenario.Everything);
        await scenario.RunAsync();
        scenario.Tenant.Change((model, generator) => generator.AddMessage(model.Users[1]));
        scenario.Tenant.Counters.OnRequest = kind =>
        {
            if (kind == "mailFolderDelta")
                scenario.Tenant.Change((model, _) => model.Users.RemoveAll(user => user == model.Users.ElementAtOrDefault(1)));
            scenario.Tenant.Counters.OnRequest = kind == "mailFolderDelta" ? null : scenario.Tenant.Counters.OnRequest;
        };
        var run = await scenario.RunAsync();
        Assert.Equal(BackupState.Succeeded, run.Status);
        Assert.Contains(run.Notes, note => note.Contains("no longer exists", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Photos_are_compared_once_a_week_because_delta_does_not_tell()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 4, 2, 0, 0, TimeSpan.Zero))
        {
            AutoAdvanceAmount = TimeSpan.FromMilliseconds(1),
        };
        await using var scenario = await BackupScenario.StartAsync(
            sources: new SourceSettings { Directory = new DirectorySettings() },
            time: time
        );
        await scenario.RunAsync();
        scenario.Tenant.Change((model, _) => model.Users[0].PhotoSeed = 4711);
        scenario.Tenant.Counters.Reset();
        Assert.Equal((0, 0), ((await scenario.RunAsync()).ItemsUpdated, scenario.Tenant.Counters["photo"]));
        time.Advance(TimeSpan.FromDays(8));
        Assert.Equal(1, (await scenario.RunAsync()).ItemsUpdated);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }
}
