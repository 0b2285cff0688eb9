using System.Text;
using System.Text.Json.Nodes;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Engine.Tests;

public sealed class HoldTests
{
    private static readonly RetentionOptions s_last = new()
    {
        Force = true,
        Policy = new RetentionSettings
        {
            Preset = RetentionPreset.Custom,
            Keep = new KeepSettings { Last = 1 },
        },
    };

    private static HoldRequest Why => new() { Reason = "Verfahren 12/2026", Author = "Dr. Weber" };

    [Fact]
    public async Task A_hold_on_the_configuration_keeps_every_snapshot_until_it_is_lifted_and_another_machine_is_bound_too()
    {
        await using var scenario = await BackupScenario.StartAsync();
        for (var run = 0; run < 3; run++)
            await scenario.RunAsync();
        var hold = await scenario.Engine.SetHoldAsync("Test", Why, scenario, default);
        var elsewhere = await ElsewhereAsync(scenario);
        var held = await elsewhere.RunRetentionAsync("Test", s_last, scenario, scenario, default);
        Assert.Equal((0, 2), (held.Removed.Count, held.Held));
        Assert.All(held.Decisions, decision => Assert.Contains($"hold {hold.HoldId}", decision.Reasons));
        Assert.Equal("Verfahren 12/2026", Assert.Single((await scenario.Engine.GetStatusAsync("Test", default)).Holds).Reason);
        Assert.Equal(hold, Assert.Single((await elsewhere.GetRepositoryStatusAsync("Test", scenario, default)).Holds));

        await elsewhere.RemoveHoldAsync("Test", Why with { HoldId = hold.HoldId[..4] }, scenario, default);
        Assert.Equal(2, (await scenario.Engine.RunRetentionAsync("Test", s_last, scenario, scenario, default)).Removed.Count);
        Assert.Equal(
            ["HoldSet", "HoldRemoved"],
            (await scenario.Engine.GetAuditLogAsync("Test", scenario, default)).Select(entry => entry.Action)
        );
        Assert.Contains("no errors were found", scenario.Restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hold_on_a_snapshot_keeps_that_one_and_no_other()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var first = (await scenario.RunAsync()).SnapshotId!;
        await scenario.RunAsync();
        var last = (await scenario.RunAsync()).SnapshotId!;
        await scenario.Engine.SetHoldAsync("Test", Why with { SnapshotId = first[..10] }, scenario, default);
        Assert.Single((await scenario.Engine.RunRetentionAsync("Test", s_last, scenario, scenario, default)).Removed);
        Assert.Equal([first, last], (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Select(each => each.SnapshotId));
    }

    [Fact]
    public async Task A_hold_on_a_mailbox_keeps_the_snapshots_that_hold_it_and_its_deleted_items()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 10, 2, 0, 0, TimeSpan.Zero))
        {
            AutoAdvanceAmount = TimeSpan.FromMilliseconds(5),
        };
        await using var scenario = await BackupScenario.StartAsync(time: time);
        var retention = new RetentionSettings
        {
            Preset = RetentionPreset.Custom,
            Keep = new KeepSettings { Days = 30 },
            DeletedItems = DeletedItemsPolicy.KeepUntilRetention,
        };
        await scenario.Engine.UpdateConfigurationAsync(scenario.Configuration() with { Retention = retention }, default);
        await scenario.RunAsync();
        var (anna, bjoern) = scenario.Tenant.Change((model, _) => (model.Users[0].UserPrincipalName, model.Users[1].UserPrincipalName));
        await scenario.Engine.SetHoldAsync("Test", Why with { Resource = $"Mail: {anna}" }, scenario, default);
        scenario.Tenant.Change(
            (model, _) =>
            {
                foreach (var user in model.Users.Take(2))
                    user.Mailbox!.Delete(user.Mailbox.Messages.Values.First());
            }
        );
        time.Advance(TimeSpan.FromDays(1));
        await scenario.RunAsync();
        time.Advance(TimeSpan.FromDays(100));
        var late = await scenario.RunAsync();
        Assert.Equal(1, late.ItemsExpired); // Björn's; Anna's is on hold.
        var kept = await RetentionTests.FindAsync(
            scenario,
            new ItemQuery
            {
                SnapshotId = "latest",
                Deleted = true,
                Sources = ["Mail"],
            }
        );
        Assert.Equal(anna, Assert.Single(kept, item => item.Type == "Mail").Resource);
        Assert.DoesNotContain(kept, item => item.Resource == bjoern);
        Assert.Equal(3, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
    }

    [Fact]
    public async Task Wrong_targets_are_refused_and_nothing_is_recorded()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        async Task<string> Refused(Func<Task> action) => (await Assert.ThrowsAsync<BackupException>(action)).ErrorId;
        Assert.Equal(
            "HoldTargetUnknown",
            await Refused(() => scenario.Engine.SetHoldAsync("Test", Why with { Resource = "niemand@demo.example" }, scenario, default))
        );
        Assert.Equal(
            "SnapshotNotFound",
            await Refused(() => scenario.Engine.SetHoldAsync("Test", Why with { SnapshotId = "0123456789" }, scenario, default))
        );
        Assert.Equal(
            "HoldNotFound",
            await Refused(() => scenario.Engine.RemoveHoldAsync("Test", Why with { HoldId = "abc" }, scenario, default))
        );
        Assert.Empty(await scenario.Engine.GetAuditLogAsync("Test", scenario, default));
    }

    [Fact]
    public async Task A_legal_policy_is_shortened_only_on_record()
    {
        await using var scenario = await BackupScenario.StartAsync();
        var legal = scenario.Configuration() with { Retention = new RetentionSettings { Preset = RetentionPreset.Legal } };
        await scenario.Engine.UpdateConfigurationAsync(legal, default);
        // Then nothing is removed at all.
        Assert.False(await scenario.Engine.ShortensRetentionAsync(legal with { Retention = null }, default));
        var shorter = legal with { Retention = new RetentionSettings { Preset = RetentionPreset.Extended } };
        Assert.True(await scenario.Engine.ShortensRetentionAsync(shorter, default));
        Assert.True(
            await scenario.Engine.ShortensRetentionAsync(
                legal with
                {
                    Retention = legal.Retention with { DeletedItems = DeletedItemsPolicy.DropWithSource },
                },
                default
            )
        );
        await scenario.RunAsync();
        await scenario.Engine.ShortenRetentionAsync(shorter, "Mandat beendet", "Dr. Weber", scenario, default);
        var entry = Assert.Single(await scenario.Engine.GetAuditLogAsync("Test", scenario, default));
        Assert.Equal(("RetentionShortened", "Mandat beendet", "Dr. Weber"), (entry.Action, entry.Reason, entry.Author));
        Assert.StartsWith("Legal", entry.Target, StringComparison.Ordinal);
        await scenario.Engine.UpdateConfigurationAsync(legal, default);
        await scenario.Engine.RunRetentionAsync("Test", s_last, scenario, scenario, default);
        Assert.Equal(
            ["RetentionShortened", "RetentionOverridden"],
            (await scenario.Engine.GetAuditLogAsync("Test", scenario, default)).Select(each => each.Action)
        );
        await scenario.Engine.ShortenRetentionAsync(shorter, "Mandat beendet", "Dr. Weber", scenario, default);
        Assert.Equal(RetentionPreset.Extended, (await scenario.Engine.GetConfigurationsAsync("Test", default))[0].Retention!.Preset);
    }

    [Fact]
    public async Task The_stock_program_reads_the_log_and_a_changed_line_stops_retention()
    {
        await using var scenario = await BackupScenario.StartAsync();
        for (var run = 0; run < 2; run++)
            await scenario.RunAsync();
        await scenario.Engine.SetHoldAsync("Test", Why, scenario, default);
        await scenario.Engine.SetHoldAsync("Test", Why with { Reason = "noch einer" }, scenario, default);
        var text = scenario.Restic.Run("dump", "--tag", $"audit:{scenario.Configuration().Id}", "latest", "/audit.jsonl");
        Assert.Equal(2, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        // Someone with the password takes back the first hold in all states of the log.
        await ForgeAsync(
            scenario,
            lines =>
            {
                var forged = (JsonObject)JsonNode.Parse(lines[0])!;
                forged["action"] = "HoldRemoved";
                lines[0] = forged.ToJsonString();
            }
        );
        var refused = await Assert.ThrowsAsync<BackupException>(() =>
            scenario.Engine.RunRetentionAsync("Test", s_last, scenario, scenario, default)
        );
        Assert.Equal("AuditLogBroken", refused.ErrorId);
        Assert.Equal(2, (await scenario.Engine.GetSnapshotsAsync("Test", scenario, default)).Count);
    }

    [Fact]
    public async Task A_log_that_was_cut_short_is_noticed_by_its_older_states()
    {
        await using var scenario = await BackupScenario.StartAsync();
        await scenario.RunAsync();
        for (var i = 0; i < 3; i++)
            await scenario.Engine.SetHoldAsync("Test", Why with { Reason = $"Grund {i}" }, scenario, default);

        // A new state with a different second entry: its own chain is valid, but it does not continue the older ones.
        await ForgeAsync(scenario, lines => lines.RemoveRange(1, lines.Count - 1));
        await scenario.Engine.SetHoldAsync("Test", Why with { Reason = "danach" }, scenario, default);
        // The longest state counts: nothing is lost.
        Assert.Equal(4, (await scenario.Engine.GetAuditLogAsync("Test", scenario, default)).Count);
    }

    private static async Task<BackupEngine> ElsewhereAsync(BackupScenario scenario)
    {
        var engine = scenario.NewEngine("elsewhere");
        await engine.CreateConfigurationAsync(scenario.Configuration(), default);
        return engine;
    }

    // Rewrites the log's newest state, changed.
    private static async Task ForgeAsync(BackupScenario scenario, Action<List<string>> change)
    {
        await using var store = new FolderObjectStore(scenario.Folder["repository"]);
        using var repository = await ResticRepository.OpenAsync(store, BackupScenario.Password, default);
        await repository.Index.LoadAsync(default);
        var newest = default(Repository.Snapshots.Snapshot);
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
        {
            if (
                snapshot.Tags?.Any(tag => tag.StartsWith("audit:", StringComparison.Ordinal)) == true
                && (newest is null || snapshot.Taken > newest.Taken)
            )
                newest = snapshot;
        }

        var reader = new RepositoryReader(repository);
        var file = (await reader.ReadTreeAsync(newest!.Root, default))[0];
        var lines = Encoding
            .UTF8.GetString(await reader.ReadContentAsync(file, default))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ToList();
        change(lines);
        await using var writer = new RepositoryWriter(repository);
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
        var saved = await writer.SaveStreamAsync(content, default);
        var tree = await writer.SaveTreeAsync([Node.NewFile(file.Name, (ulong)saved.Size, saved.Blobs, DateTimeOffset.UtcNow)], default);
        await writer.FlushAsync(default);
        await repository.SaveSnapshotAsync(
            newest with
            {
                Tree = tree.ToString(),
                Time = Repository.Json.NanoTime.From(newest.Taken.AddSeconds(1)).ToString(),
            },
            default
        );
    }
}
