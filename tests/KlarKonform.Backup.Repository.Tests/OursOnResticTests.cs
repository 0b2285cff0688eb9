using System.Text.Json.Nodes;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>What restic versions of several years write is opened, read, added to, pruned, checked and repaired by us.</summary>
public sealed class OursOnResticTests : IDisposable
{
    private const string Password = "theirs";

    private static readonly Dictionary<string, byte[]> s_files = new()
    {
        ["a.bin"] = Noise(1, 2_500_000),
        ["b.txt"] = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Sehr geehrte Damen und Herren, ", 50_000))),
        ["c <&> ä \u0001.txt"] = [],
        ["old.bin"] = Noise(9, 800_000),
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Versions => Peers.Versions;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Their_repository_is_read_and_checked_to_the_last_byte(string version)
    {
        Write(version);
        using var repository = await OpenAsync();
        await repository.Index.LoadAsync(default);
        Assert.Equal(2, await CheckAsync(repository));
        var reader = new RepositoryReader(repository);
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
        {
            var nodes = await reader.ReadTreeAsync(snapshot.Root, default);
            while (nodes is [{ Subtree: { } subtree }])
                nodes = await reader.ReadTreeAsync(subtree, default);
            Assert.Equal(3, nodes.Count);
            foreach (var node in nodes)
                Assert.Equal(s_files[node.Name], await reader.ReadContentAsync(node, default));
        }
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task We_back_up_into_their_repository_and_prune_it_and_they_find_no_fault(string version)
    {
        var restic = Write(version);
        using var repository = await OpenAsync();
        var first = JsonNode.Parse(restic.Run("snapshots", "--json"))![0]!["id"]!.GetValue<string>();
        await BackupAsync(repository, (1, 2_500_000), (7, 300_000));
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Assert.True((await PruneAsync(repository, BlobId.Parse(first))).BytesRemoved > 700_000);
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        restic.Run("backup", _folder["source"]);
        using var again = await OpenAsync();
        await again.Index.LoadAsync(default);
        Assert.Equal(3, await CheckAsync(again));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task An_index_that_they_wrote_and_lost_is_built_anew(string version)
    {
        var restic = Write(version);
        foreach (var index in Directory.GetFiles(_folder["repo", "index"]))
            File.Delete(index);
        using var repository = await OpenAsync();
        Assert.Empty((await RepositoryScenario.RepairIndexAsync(repository)).Unreadable);
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Assert.Equal(2, await CheckAsync(repository));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Their_locks_keep_us_out_and_ours_keep_them_out(string version)
    {
        var restic = Write(version);
        using var repository = await OpenAsync();
        await using (await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default))
        {
            var (code, _, errors) = restic.TryRun("prune");
            Assert.NotEqual(0, code);
            Assert.Contains("already locked", errors, StringComparison.Ordinal);
            restic.Run("backup", _folder["source"]);
        }

        await using (await RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default))
            Assert.NotEqual(0, restic.TryRun("backup", _folder["source"]).Code);

        // A restic command that waits for its input holds its lock as long.
        using var waiting = restic.Start("backup", "--stdin", "--stdin-filename", "waiting");
        for (var tries = 0; Directory.GetFiles(_folder["repo", "locks"]).Length == 0 && tries < 600; tries++)
            await Task.Delay(50);
        var refused = await Assert.ThrowsAsync<RepositoryException>(() =>
            RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default)
        );
        Assert.Equal(RepositoryErrorKind.Locked, refused.Kind);
        await using (await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default)) { }

        waiting.Kill();
        await waiting.WaitForExitAsync();
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Keys_that_they_add_open_it_and_keys_that_we_add_open_it_for_them(string version)
    {
        var restic = Write(version);
        await File.WriteAllTextAsync(_folder["second.txt"], "second");
        restic.Run("key", "add", "--new-password-file", _folder["second.txt"], "--user", "anna", "--host", "office");
        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), "second", default);
        var keys = new RepositoryKeys(repository);
        Assert.Single(await keys.ListAsync(default), key => key is { IsCurrent: true, UserName: "anna" });
        await keys.AddAsync("dritter Schlüssel", "björn", "host", TimeProvider.System, default);
        Assert.Contains(
            "no errors were found",
            Peers.Restic(version, _folder["repo"], "dritter Schlüssel").Run("check"),
            StringComparison.Ordinal
        );
        Assert.Contains("björn", restic.Run("key", "list"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Nothing_of_their_snapshots_is_lost_when_we_write_them_again(string version)
    {
        var restic = Write(version);
        var before = Snapshots(restic);
        using (var repository = await OpenAsync())
        {
            await foreach (var (id, snapshot) in repository.SnapshotsAsync(default))
            {
                if (version != "0.14")
                {
                    Assert.StartsWith("restic 0.", snapshot.ProgramVersion, StringComparison.Ordinal);
                    Assert.Equal(
                        (3, 3),
                        (
                            snapshot.Summary!.TotalFilesProcessed,
                            snapshot.Summary.FilesNew + snapshot.Summary.FilesChanged + snapshot.Summary.FilesUnmodified
                        )
                    );
                }

                await repository.SaveSnapshotAsync(snapshot, default);
                await repository.DeleteSnapshotAsync(id, default);
            }
        }

        Assert.Equal(before, Snapshots(restic));
    }

    [Fact]
    public async Task Fields_that_nobody_knows_yet_are_passed_over_and_kept()
    {
        Write("0.19");
        var tree = BlobId.Of("tree"u8).ToString();
        ForeignProgram.Write(
            _folder["repo"],
            Password,
            "snapshots",
            $$$"""{"time":"2026-01-01T00:00:00.123456789+01:00","tree":"{{{tree}}}","paths":["/x"],"hostname":"h","uid":7,"new":{"a":"""
                + $$$"""[1]},"summary":{"backup_start":"2026-01-01T00:00:00Z","backup_end":"2026-01-01T00:00:01Z","files_new":"""
                + $$$"""3,"later":"x"}}"""
        );
        ForeignProgram.Write(
            _folder["repo"],
            Password,
            "locks",
            """{"time":"2026-01-01T00:00:00Z","exclusive":false,"hostname":"gone","username":"u","pid":1,"later":{"x":1}}"""
        );
        using var repository = await OpenAsync();
        var found = new List<Snapshot>();
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
            found.Add(snapshot);
        var kept = Assert.Single(found, snapshot => snapshot.Tree == tree);
        var again = JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(kept))!;
        Assert.Equal(
            ("[1]", "x", 7),
            (again["new"]!["a"]!.ToJsonString(), again["summary"]!["later"]!.GetValue<string>(), again["uid"]!.GetValue<int>())
        );
    }

    // What restic shows of its snapshots, except for the ids.
    private static List<string> Snapshots(StockRestic restic)
    {
        var snapshots = JsonNode.Parse(restic.Run("snapshots", "--json"))!.AsArray();
        foreach (var snapshot in snapshots)
        {
            snapshot!.AsObject().Remove("id");
            snapshot.AsObject().Remove("short_id");
        }

        return [.. snapshots.Select(snapshot => snapshot!.ToJsonString())];
    }

    // Two snapshots of three files each; one file of the first is only in the first.
    private StockRestic Write(string version)
    {
        var restic = Peers.Restic(version, _folder["repo"], Password);
        Directory.CreateDirectory(_folder["source"]);
        restic.Run("init");
        foreach (var without in (string[])["b.txt", "old.bin"])
        {
            foreach (var (name, content) in s_files)
                File.WriteAllBytes(_folder["source", name], content);
            File.Delete(_folder["source", without]);
            restic.Run("backup", _folder["source"], "--tag", "theirs");
        }

        return restic;
    }

    private static async Task<int> CheckAsync(ResticRepository repository)
    {
        var checker = new RepositoryChecker(repository);
        Assert.Empty(await checker.CheckKeysAsync(default));
        Assert.Empty(await checker.CheckPacksAsync(default));
        Assert.Empty(await checker.CheckDataAsync(repository.Index.Blobs.PackSizes().Keys, null, default));
        var snapshots = 0;
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
        {
            Assert.Empty(await checker.CheckTreesAsync([snapshot.Root], new HashSet<BlobId>(), default));
            snapshots++;
        }

        return snapshots;
    }

    private Task<ResticRepository> OpenAsync() => ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
}
