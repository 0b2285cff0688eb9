using System.Text.Json;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Repository.Tests.RepositoryScenario;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Every command of restic, of several years, behaves on what we write as on its own data.</summary>
public sealed class ResticOnOursTests : IDisposable
{
    private const string Password = "Grüße & <Küsse>";

    private static readonly SortedDictionary<string, byte[]> s_files = new(TreeJson.NameOrder)
    {
        ["empty"] = [],
        ["small <&> \u2028 ümläut.txt"] = "Hallo"u8.ToArray(),
        ["tab\tand \"quotes\" \\ back"] = Noise(2, 3000),
        ["big.bin"] = Noise(3, 9_000_000),
        ["zeros.bin"] = new byte[9_000_000],
        ["😀 emoji and \uFFFD"] = "smile"u8.ToArray(),
        ["\u1C89 of Unicode 16"] = "new"u8.ToArray(),
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Versions => Peers.Versions;

    /// <summary>Those that can rewrite and repair.</summary>
    public static TheoryData<string> NewVersions => [.. StockRestic.Versions.Where(version => version != "0.14")];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Check_restore_dump_find_and_ls_show_everything(string version)
    {
        var restic = await WriteAsync(version);
        var (code, output, errors) = restic.TryRun("check", "--read-data");
        Assert.True(code == 0, errors);
        Assert.Contains("no errors were found", output, StringComparison.Ordinal);
        Assert.DoesNotContain("hint", output + errors, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("mixed", output + errors, StringComparison.OrdinalIgnoreCase);

        restic.Run("restore", "latest", "--target", _folder["restored"]);
        foreach (var (name, content) in s_files)
            Assert.Equal(content, await File.ReadAllBytesAsync(_folder["restored", "folder", name]));
        Assert.Equal("Hallo", restic.Run("dump", "latest", "/folder/small <&> \u2028 ümläut.txt"));
        Assert.Equal(2, restic.Run("find", "big.bin").Split('\n').Count(line => line == "/folder/big.bin"));
        Assert.Equal(
            s_files.Count + 1,
            restic.Run("ls", "latest").Split('\n').Count(line => line.StartsWith("/folder", StringComparison.Ordinal))
        );
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Snapshots_stats_and_diff_count_as_they_do_for_restics_own(string version)
    {
        var restic = await WriteAsync(version);
        var size = s_files.Values.Sum(content => content.Length);
        using var snapshots = JsonDocument.Parse(restic.Run("snapshots", "--json"));
        var newest = snapshots.RootElement[1];
        if (version != "0.14")
        {
            // The old version ignores what it does not know.
            Assert.Equal("KlarKonform Backup 1.2.3", newest.GetProperty("program_version").GetString());
            Assert.Equal(
                (size, 2),
                (
                    newest.GetProperty("summary").GetProperty("total_bytes_processed").GetInt64(),
                    newest.GetProperty("summary").GetProperty("files_new").GetInt32()
                )
            );
            Assert.Contains("MiB", restic.Run("snapshots"), StringComparison.Ordinal);
        }

        foreach (var (mode, expected) in ((string, long)[])[("restore-size", size), ("files-by-contents", size)])
        {
            using var stats = JsonDocument.Parse(restic.Run("stats", "latest", "--mode", mode, "--json"));
            Assert.Equal(expected, stats.RootElement.GetProperty("total_size").GetInt64());
        }

        using var raw = JsonDocument.Parse(restic.Run("stats", "--mode", "raw-data", "--json"));
        Assert.InRange(raw.RootElement.GetProperty("total_size").GetInt64(), 9_000_000, 9_600_000);
        var diff = restic.Run("diff", snapshots.RootElement[0].GetProperty("id").GetString()!, newest.GetProperty("id").GetString()!);
        Assert.Matches(@"Files:\s+2 new,\s+0 removed,\s+0 changed", diff);
        Assert.Contains("+    /folder/zeros.bin", diff, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Copy_tag_forget_and_prune_leave_a_repository_that_both_read(string version)
    {
        var restic = await WriteAsync(version);
        await File.WriteAllTextAsync(_folder["password"], Password);
        var copy = Peers.Restic(version, _folder["copy"], Password);
        copy.Run("init");
        copy.Run("copy", "--from-repo", _folder["repo"], "--from-password-file", _folder["password"]);
        Assert.Contains("no errors were found", copy.Run("check", "--read-data"), StringComparison.Ordinal);

        restic.Run("tag", "--add", "seen", "latest");
        restic.Run("forget", "--keep-last", "1", "--group-by", "host", "--prune");
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        var snapshot = Assert.Single(await ReadAsync("repo"));
        Assert.Equal(
            ("seen", "KlarKonform Backup 1.2.3"),
            (snapshot.Tags![^1], version == "0.14" ? "KlarKonform Backup 1.2.3" : snapshot.ProgramVersion)
        );
        Assert.Equal(2, (await ReadAsync("copy")).Count);
    }

    [Theory]
    [MemberData(nameof(NewVersions))]
    public async Task Rewrite_takes_a_file_out_of_trees_that_it_writes_byte_for_byte_as_we_do(string version)
    {
        var restic = await WriteAsync(version);

        // Nothing to exclude: it is tried nevertheless whether it can write every tree unchanged, and the sizes in the summary are
        // compared.
        Assert.Contains("no snapshots were modified", restic.Run("rewrite", "--exclude", "not there"), StringComparison.Ordinal);
        restic.Run("rewrite", "--exclude", "zeros.bin", "--forget", "latest");
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        var rewritten = Assert.Single(await ReadAsync("repo", except: "zeros.bin"), snapshot => snapshot.IsRewritten);
        Assert.Equal(s_files.Where(file => file.Key != "zeros.bin").Sum(file => file.Value.Length), rewritten.Summary!.TotalBytesProcessed);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_lost_index_is_repaired(string version)
    {
        var restic = await WriteAsync(version);
        foreach (var index in Directory.GetFiles(_folder["repo", "index"]))
            File.Delete(index);
        restic.Run(version == "0.14" ? ["rebuild-index"] : ["repair", "index"]);
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Assert.Equal(2, (await ReadAsync("repo")).Count);
    }

    [Theory]
    [MemberData(nameof(NewVersions))]
    public async Task Damaged_and_lost_packs_are_repaired_and_the_snapshots_after_them(string version)
    {
        var restic = await WriteAsync(version);
        var packs = Directory
            .GetFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories)
            .OrderByDescending(file => new FileInfo(file).Length)
            .ToArray();
        var bytes = await File.ReadAllBytesAsync(packs[0]);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(packs[0], bytes);
        restic.Run("repair", "packs", Path.GetFileName(packs[0]));
        restic.Run("repair", "snapshots", "--forget");
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);

        // The damaged chunk is gone, and its file is shorter by that much.
        restic.Run("restore", "latest", "--target", _folder["restored"]);
        Assert.Equal("Hallo", await File.ReadAllTextAsync(_folder["restored", "folder", "small <&> \u2028 ümläut.txt"]));
        Assert.InRange(new FileInfo(_folder["restored", "folder", "big.bin"]).Length, 0, s_files["big.bin"].Length - 1);
        using var repository = await OpenAsync("repo");
        await BackupAsync(repository, (1, 700_000));
        await PruneAsync(repository);
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Mounted_snapshots_are_read_as_folders(string version)
    {
        Assert.SkipUnless(File.Exists("/dev/fuse"), "This machine has no FUSE: mounting is not tried.");
        if (TestServers.MissingProgram("/usr/bin/fusermount3") is { } reason)
            Assert.Skip(reason);
        var restic = await WriteAsync(version);
        Directory.CreateDirectory(_folder["mounted"]);
        using var process = restic.Start("mount", _folder["mounted"]);
        try
        {
            for (var tries = 0; !Directory.Exists(_folder["mounted", "snapshots", "latest"]) && !process.HasExited && tries < 600; tries++)
                await Task.Delay(50);
            Assert.False(process.HasExited, "restic mount ended");
            foreach (var (name, content) in s_files)
                Assert.Equal(content, await File.ReadAllBytesAsync(_folder["mounted", "snapshots", "latest", "folder", name]));
        }
        finally
        {
            using (var unmount = System.Diagnostics.Process.Start("fusermount3", ["-u", _folder["mounted"]]))
                await unmount.WaitForExitAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(20)))
                process.Kill();
        }
    }

    // Two snapshots: the second has two more files.
    private async Task<StockRestic> WriteAsync(string version)
    {
        var restic = Peers.Restic(version, _folder["repo"], Password);
        using var repository = await ResticRepository.InitializeAsync(
            new FolderObjectStore(_folder["repo"]),
            Password,
            "anna",
            "host",
            TimeProvider.System,
            default
        );
        await SaveAsync(repository, s_files.Where(file => file.Key is not "zeros.bin" and not "empty"), 0);
        await SaveAsync(repository, s_files, 2);
        return restic;
    }

    private static async Task SaveAsync(ResticRepository repository, IEnumerable<KeyValuePair<string, byte[]>> files, int more)
    {
        var started = NanoTime.From(DateTimeOffset.Now).ToString();
        await using var writer = new RepositoryWriter(repository);
        var nodes = new List<Node>();
        foreach (var (name, content) in files)
        {
            using var stream = new MemoryStream(content);
            var saved = await writer.SaveStreamAsync(stream, default);
            nodes.Add(
                Node.NewFile(name, (ulong)saved.Size, saved.Blobs, new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero)) with
                {
                    ExtendedAttributes =
                    [
                        new ExtendedAttribute("user.klarkonform", JsonSerializer.SerializeToUtf8Bytes(new { id = name })),
                    ],
                }
            );
        }

        var folder = Node.NewDirectory("folder", await writer.SaveTreeAsync(nodes, default), DateTimeOffset.UtcNow);
        var root = await writer.SaveTreeAsync([folder], default);
        await writer.FlushAsync(default);
        var now = NanoTime.From(DateTimeOffset.Now).ToString();
        await repository.SaveSnapshotAsync(
            new Snapshot
            {
                Time = now,
                Tree = root.ToString(),
                Paths = ["/Daily"],
                Hostname = "tenant",
                ProgramVersion = "KlarKonform Backup 1.2.3",
                Summary = new SnapshotSummary
                {
                    BackupStart = started,
                    BackupEnd = now,
                    FilesNew = more,
                    FilesUnmodified = nodes.Count - more,
                    DirsNew = 1,
                    DataBlobs = writer.DataBlobsStored,
                    TreeBlobs = writer.TreesStored,
                    DataAdded = writer.PlainBytesStored,
                    DataAddedPacked = writer.BytesStored,
                    TotalFilesProcessed = nodes.Count,
                    TotalBytesProcessed = nodes.Sum(node => (long)node.Size),
                },
            },
            default
        );
    }

    private Task<ResticRepository> OpenAsync(string name) =>
        ResticRepository.OpenAsync(new FolderObjectStore(_folder[name]), Password, default);

    // All snapshots, after everything in the newest was read.
    private async Task<List<Snapshot>> ReadAsync(string name, string? except = null)
    {
        using var repository = await OpenAsync(name);
        await repository.Index.LoadAsync(default);
        var reader = new RepositoryReader(repository);
        var snapshots = new List<Snapshot>();
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
            snapshots.Add(snapshot);
        snapshots.Sort((left, right) => left.Taken.CompareTo(right.Taken));
        var folder = Assert.Single(await reader.ReadTreeAsync(snapshots[^1].Root, default));
        var nodes = await reader.ReadTreeAsync(folder.Subtree!.Value, default);
        Assert.Equal(s_files.Keys.Where(file => file != except), nodes.Select(node => node.Name));
        foreach (var node in nodes)
            Assert.Equal(s_files[node.Name], await reader.ReadContentAsync(node, default));
        return snapshots;
    }
}
