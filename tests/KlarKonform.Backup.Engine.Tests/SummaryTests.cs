using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>What restic shows for our snapshots is what it would have counted itself.</summary>
public sealed class SummaryTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 4,
        MailsPerUser = 12,
        FilesPerUser = 10,
        EventsPerUser = 3,
        ContactsPerUser = 3,
        MaxFileBytes = 300_000,
    };

    [Fact]
    public async Task The_summary_of_every_run_is_what_restic_counts()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, sources: BackupScenario.Everything);
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        var first = Assert.Single(await TrueSummariesAsync(scenario));
        Assert.Equal(
            (first.Long("total_files_processed"), 0, 0),
            (first.Long("files_new"), first.Long("files_changed"), first.Long("files_unmodified"))
        );
        Assert.Equal(Entries(scenario, "dir"), first.Long("dirs_new"));
        Assert.Equal(Blobs(scenario), (first.Long("data_blobs"), first.Long("tree_blobs")));
        Assert.Equal(PackBytes(scenario), first.Long("data_added_packed"));
        Assert.InRange(first.Long("data_added"), first.Long("data_added_packed") / 2, first.Long("data_added_packed") * 20);
        Assert.InRange(
            DateTimeOffset.Parse(first.Text("backup_end"), null),
            DateTimeOffset.Parse(first.Text("backup_start"), null),
            DateTimeOffset.UtcNow
        );

        var (blobs, bytes) = (Blobs(scenario), PackBytes(scenario));
        scenario.Tenant.Change((model, generator) => ChangeSome(model, generator, 1));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        var second = (await TrueSummariesAsync(scenario))[1];
        AssertEqual(Diff(scenario), second);
        Assert.Equal(Blobs(scenario), (blobs.Data + second.Long("data_blobs"), blobs.Trees + second.Long("tree_blobs")));
        Assert.Equal(PackBytes(scenario), bytes + second.Long("data_added_packed"));

        // Any changes, including renamed and moved folders.
        for (var round = 0; round < 3; round++)
        {
            scenario.Tenant.Change((_, generator) => generator.ChangeEverything(25));
            await scenario.RunAsync();
            await TrueSummariesAsync(scenario);
        }
    }

    [Fact]
    public async Task A_folder_that_moves_is_not_new()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            sources: new SourceSettings { OneDrive = new DriveSelection() }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, generator) =>
            {
                var drive = model.Users[0].Drive!;
                var folder = generator.AddFolder(drive, drive.Root, "Archiv");
                for (var i = 0; i < 20; i++)
                    generator.AddFile(drive, folder, $"{i}.txt", 100);
            }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change(
            (model, _) =>
            {
                var drive = model.Users[0].Drive!;
                drive.Rename(drive.Items.Values.First(item => item.Name == "Archiv"), "Ablage");
            }
        );
        await scenario.RunAsync();
        var last = (await TrueSummariesAsync(scenario))[^1];
        Assert.Equal((0, 0), (last.Long("files_new"), last.Long("dirs_new")));
        Assert.InRange(last.Long("files_unmodified"), 20, last.Long("total_files_processed") - 1);
    }

    [Fact]
    public async Task What_workers_did_together_is_counted_once()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, sources: BackupScenario.Everything);
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync(new BackupOptions { ShardCount = 3 })).Status);
        var first = Assert.Single(await TrueSummariesAsync(scenario));
        Assert.Equal(
            (first.Long("total_files_processed"), 0, 0),
            (first.Long("files_new"), first.Long("files_changed"), first.Long("files_unmodified"))
        );
        Assert.Equal(Entries(scenario, "dir"), first.Long("dirs_new"));
        Assert.Equal((0, 0), (first.Long("dirs_changed"), first.Long("dirs_unmodified")));
        Assert.Equal(PackBytes(scenario), first.Long("data_added_packed"));
        Assert.Equal(Blobs(scenario), (first.Long("data_blobs"), first.Long("tree_blobs")));

        scenario.Tenant.Change((model, generator) => ChangeSome(model, generator, 2));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync(new BackupOptions { ShardCount = 5 })).Status);
        AssertEqual(Diff(scenario), (await TrueSummariesAsync(scenario))[1]);
        scenario.Tenant.Change((_, generator) => generator.ChangeEverything(25));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync(new BackupOptions { ShardCount = 2 })).Status);
        scenario.Tenant.Change((_, generator) => generator.ChangeEverything(25));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        await TrueSummariesAsync(scenario);
    }

    [Fact]
    public async Task After_a_stop_and_after_another_program_rewrote_a_snapshot_the_counts_are_right_again()
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes);
        scenario.Tenant.Contents.BytesPerSecond = 200_000;
        var running = scenario.RunAsync();
        using (var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2)))
        {
            while ((await scenario.Engine.GetStatusAsync("Test", default)).Items < 20)
                await Task.Delay(50, limit.Token);
        }

        await scenario.Engine.StopBackupAsync("Test", TimeSpan.FromMinutes(1), default);
        Assert.Equal(BackupState.Partial, (await running).Status);
        scenario.Tenant.Contents.BytesPerSecond = 0;
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        var first = Assert.Single(await TrueSummariesAsync(scenario));
        Assert.Equal(first.Long("total_files_processed"), first.Long("files_new"));

        // This version does not know summaries, and drops it.
        Peer(scenario, "0.14").Run("tag", "--add", "seen", "latest");
        scenario.Tenant.Change((model, generator) => ChangeSome(model, generator, 3));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        AssertEqual(Diff(scenario), Summaries(scenario)[1]!.Value);
        Peer(scenario, "0.19").Run("rewrite", "--exclude", "*.eml", "--forget", "latest");
        scenario.Tenant.Change((model, generator) => ChangeSome(model, generator, 4));
        await scenario.RunAsync();
        var last = Summaries(scenario)[^1]!.Value;
        Assert.Equal(Entries(scenario, "file"), last.Long("total_files_processed"));
        Assert.Equal(Entries(scenario, "dir"), last.Long("dirs_new") + last.Long("dirs_changed") + last.Long("dirs_unmodified"));
    }

    // No folder is renamed or moved: for those restic counts everything in them as new.
    private static void ChangeSome(DemoTenantModel model, TenantGenerator generator, int number)
    {
        var drive = model.Users[0].Drive!;
        var files = drive.Items.Values.Where(item => item is { IsFolder: false, Size: > 0 }).ToArray();
        drive.Write(files[0], 4711 + number, 1234, DateTimeOffset.UtcNow);
        drive.Delete(files[1]);
        generator.AddFile(drive, generator.AddFolder(drive, drive.Root, $"Neu {number}"), "neu.bin", 250_000);
        generator.AddFile(drive, drive.Root, $"neu {number}.bin", 77_000);
        generator.AddMessage(model.Users[1]);
        model.Users[1].Mailbox!.Delete(model.Users[1].Mailbox!.Messages.Values.First());
    }

    // Program and totals are right by restic's own count: it would write the same summary.
    private static Task<List<JsonElement>> TrueSummariesAsync(BackupScenario scenario)
    {
        Assert.Contains(
            "no snapshots would be modified",
            Peer(scenario, "0.19").Run("rewrite", "--snapshot-summary", "--dry-run"),
            StringComparison.Ordinal
        );
        return Task.FromResult(Summaries(scenario).Select(summary => summary!.Value).ToList());
    }

    private static List<JsonElement?> Summaries(BackupScenario scenario)
    {
        using var snapshots = JsonDocument.Parse(Peer(scenario, "0.19").Run("snapshots", "--json"));
        foreach (var snapshot in snapshots.RootElement.EnumerateArray())
        {
            if (snapshot.TryGetProperty("program_version", out var program))
                Assert.Matches(@"^KlarKonform Backup \d+\.\d+\.\d+$", program.GetString());
        }

        return
        [
            .. snapshots
                .RootElement.EnumerateArray()
                .Select(snapshot => snapshot.TryGetProperty("summary", out var summary) ? summary.Clone() : (JsonElement?)null),
        ];
    }

    // What restic says about the difference between the two newest snapshots.
    private static (long FilesNew, long FilesChanged, long DirsNew, long DirsChanged) Diff(BackupScenario scenario)
    {
        var restic = Peer(scenario, "0.19");
        using var snapshots = JsonDocument.Parse(restic.Run("snapshots", "--json"));
        string[] ids = [.. snapshots.RootElement.EnumerateArray().TakeLast(2).Select(snapshot => snapshot.GetProperty("id").GetString()!)];
        var counts = new Dictionary<(bool IsDirectory, bool IsNew), HashSet<string>>();
        foreach (var line in restic.Run(["diff", "--metadata", "--json", .. ids]).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var change = JsonDocument.Parse(line);
            if (
                change.RootElement.GetProperty("message_type").GetString() != "change"
                || change.RootElement.GetProperty("modifier").GetString() == "-"
            )
                continue;
            var path = change.RootElement.GetProperty("path").GetString()!;
            Set(path.EndsWith('/'), change.RootElement.GetProperty("modifier").GetString() == "+").Add(path);
        }

        // A folder with a change below is a changed one, even if restic only names what is below.
        foreach (var path in Paths(restic, ids[0]).Except(Paths(restic, ids[1])).Concat(counts.Values.SelectMany(paths => paths)).ToArray())
        {
            for (var parent = path.TrimEnd('/'); (parent = parent[..parent.LastIndexOf('/')]).Length > 0; )
                Set(true, false).Add(parent + "/");
        }

        var gone = Paths(restic, ids[0]).Except(Paths(restic, ids[1])).Select(path => path + "/");
        Set(true, false).ExceptWith(Set(true, true).Concat(gone));
        return (Set(false, true).Count, Set(false, false).Count, Set(true, true).Count, Set(true, false).Count);

        HashSet<string> Set(bool isDirectory, bool isNew) =>
            counts.TryGetValue((isDirectory, isNew), out var set) ? set : counts[(isDirectory, isNew)] = [];
    }

    private static HashSet<string> Paths(StockRestic restic, string snapshot) =>
        [.. Nodes(restic, snapshot).Select(node => node.GetProperty("path").GetString()!)];

    private static List<JsonElement> Nodes(StockRestic restic, string snapshot)
    {
        var nodes = new List<JsonElement>();
        foreach (var line in restic.Run("ls", "--json", snapshot).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var node = JsonDocument.Parse(line);
            if (node.RootElement.GetProperty("struct_type").GetString() == "node")
                nodes.Add(node.RootElement.Clone());
        }

        return nodes;
    }

    private static void AssertEqual((long FilesNew, long FilesChanged, long DirsNew, long DirsChanged) diff, JsonElement summary) =>
        Assert.Equal(
            diff,
            (summary.Long("files_new"), summary.Long("files_changed"), summary.Long("dirs_new"), summary.Long("dirs_changed"))
        );

    private static long Entries(BackupScenario scenario, string type) =>
        Nodes(Peer(scenario, "0.19"), "latest").Count(node => node.GetProperty("type").GetString() == type);

    private static (long Data, long Trees) Blobs(BackupScenario scenario)
    {
        var lines = Peer(scenario, "0.19").Run("list", "blobs").Split('\n');
        return (
            lines.Count(line => line.StartsWith("data", StringComparison.Ordinal)),
            lines.Count(line => line.StartsWith("tree", StringComparison.Ordinal))
        );
    }

    private static long PackBytes(BackupScenario scenario) =>
        new DirectoryInfo(scenario.Folder["repository", "data"]).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    private static StockRestic Peer(BackupScenario scenario, string version)
    {
        if (StockRestic.Missing(version) is { } reason)
            Assert.Skip(reason);
        return new StockRestic(scenario.Folder["repository"], BackupScenario.Password) { Version = version };
    }
}

file static class SummaryFields
{
    public static long Long(this JsonElement summary, string name) => summary.GetProperty(name).GetInt64();

    public static string Text(this JsonElement summary, string name) => summary.GetProperty(name).GetString()!;
}
