using System.Diagnostics;
using System.Text.Json;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests;

public sealed class InteroperabilityTests : IDisposable
{
    private const string Password = "Grüße & <Küsse>";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Restic_reads_and_restores_what_we_write()
    {
        var random = new Random(7);
        var files = new SortedDictionary<string, byte[]>(TreeJson.NameOrder)
        {
            ["empty"] = [],
            ["small <&> \u2028 ümläut.txt"] = "Hallo"u8.ToArray(),
            ["tab\tand \"quotes\" \\ back"] = Noise(random, 3000),
            ["big.bin"] = Noise(random, 20_000_000),
            ["zeros.bin"] = new byte[9_000_000],
            ["😀 emoji and \uFFFD"] = "smile"u8.ToArray(),
        };
        var store = new FolderObjectStore(_folder["repo"]);
        using var repository = await ResticRepository.InitializeAsync(store, Password, "anna", "host", TimeProvider.System, default);
        await WriteSnapshotAsync(repository, files);

        var restic = new StockRestic(_folder["repo"], Password);
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        restic.Run("restore", "latest", "--target", _folder["restored"]);
        foreach (var (name, content) in files)
            Assert.Equal(content, await File.ReadAllBytesAsync(_folder["restored", "folder", name]));

        // rewriting tools refuse a tree that they cannot reproduce: tagging and forgetting must work too.
        restic.Run("tag", "--add", "seen", "latest");
        restic.Run("forget", "--keep-last", "1", "--prune");
        restic.Run("check", "--read-data");
    }

    [Fact]
    public async Task We_read_what_restic_writes_and_reproduce_its_trees_byte_for_byte()
    {
        Directory.CreateDirectory(_folder["source", "sub"]);
        var random = new Random(11);
        await File.WriteAllBytesAsync(_folder["source", "noise.bin"], Noise(random, 12_345_678));
        await File.WriteAllTextAsync(_folder["source", "sub", "a <b> & \"c\" \\ \u00A0 é \u0001.txt"], string.Join('\n', Enumerable.Range(0, 5000)));
        var restic = new StockRestic(_folder["repo"], Password);
        restic.Run("init");
        restic.Run("backup", _folder["source"]);

        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        await repository.LoadIndexAsync(default);
        var reader = new RepositoryReader(repository);
        var trees = 0;
        await foreach (var (_, snapshot) in repository.SnapshotsAsync(default))
        {
            var pending = new Stack<BlobId>([snapshot.Root]);
            while (pending.TryPop(out var id))
            {
                var json = await reader.ReadBlobAsync(id, default);
                var nodes = TreeJson.Read(json);
                var again = new System.Buffers.ArrayBufferWriter<byte>();
                TreeJson.Write(again, nodes);
                Assert.Equal(json, again.WrittenSpan.ToArray());
                trees++;
                foreach (var node in nodes.Where(node => node.Subtree is not null))
                    pending.Push(node.Subtree!.Value);
                foreach (var node in nodes.Where(node => node.Name == "noise.bin"))
                    Assert.Equal(await File.ReadAllBytesAsync(_folder["source", "noise.bin"]), await reader.ReadContentAsync(node, default));
            }
        }

        Assert.True(trees >= 3);
        var checker = new RepositoryChecker(repository);
        Assert.Empty(await checker.CheckPacksAsync(default));
        Assert.Empty(await checker.CheckDataAsync(repository.Index.PackSizes().Keys, null, default));
    }

    [Theory]
    [InlineData("noise")]
    [InlineData("zeros")]
    [InlineData("pattern")]
    [InlineData("letters")]
    public async Task Our_cut_points_are_restics_so_the_same_file_is_stored_once(string kind)
    {
        var random = new Random(3);
        var content = Noise(random, 30_000_000);
        for (var i = 0; i < content.Length && kind != "noise"; i++)
            content[i] = kind switch { "zeros" => 0, "pattern" => (byte)(i % 251 * (i >> 20)), _ => (byte)('a' + (content[i] % 6)) };
        Directory.CreateDirectory(_folder["source"]);
        await File.WriteAllBytesAsync(_folder["source", "noise.bin"], content);
        var restic = new StockRestic(_folder["repo"], Password);
        restic.Run("init");
        restic.Run("backup", _folder["source"]);

        using var repository = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        await repository.LoadIndexAsync(default);
        await using var writer = new RepositoryWriter(repository);
        await using var stream = new UnevenStream(content, random);
        var saved = await writer.SaveStreamAsync(stream, default);
        Assert.Equal(content.Length, saved.Size);
        Assert.True(saved.Blobs.Count > 3);
        Assert.Equal(0, writer.BlobsStored);
    }

    [Fact]
    public async Task A_wrong_password_opens_nothing()
    {
        var store = new FolderObjectStore(_folder["repo"]);
        (await ResticRepository.InitializeAsync(store, Password, "u", "h", TimeProvider.System, default)).Dispose();
        var refused = await Assert.ThrowsAsync<RepositoryException>(() => ResticRepository.OpenAsync(store, "wrong", default));
        Assert.Equal(RepositoryErrorKind.WrongPassword, refused.Kind);
    }

    [Fact]
    public async Task An_exclusive_lock_of_restic_keeps_us_out_and_ours_keeps_restics_prune_out()
    {
        var store = new FolderObjectStore(_folder["repo"]);
        using var repository = await ResticRepository.InitializeAsync(store, Password, "u", "h", TimeProvider.System, default);
        await using (await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default))
        {
            var (code, _, errors) = new StockRestic(_folder["repo"], Password).TryRun("prune");
            Assert.NotEqual(0, code);
            Assert.Contains("already locked", errors, StringComparison.Ordinal);
            var refused = await Assert.ThrowsAsync<RepositoryException>(() => RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default));
            Assert.Equal(RepositoryErrorKind.Locked, refused.Kind);
            await using var second = await RepositoryLock.AcquireAsync(repository, exclusive: false, TimeProvider.System, default);
        }

        Assert.Empty(Directory.GetFiles(_folder["repo", "locks"]));
    }

    [Fact]
    public async Task A_restic_that_writes_keeps_our_prune_out_and_a_killed_one_is_found_dead_by_watching()
    {
        using var repository = await ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);
        using var restic = Process.Start(Backup())!;
        while (Directory.GetFiles(_folder["repo", "locks"]).Length == 0)
            await Task.Delay(5);
        var refused = await Assert.ThrowsAsync<RepositoryException>(() => RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default));
        Assert.Equal((RepositoryErrorKind.Locked, restic.Id), (refused.Kind, refused.Holder?.ProcessId));
        await using (await RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, new Random(1), default))
            await restic.StandardInput.WriteAsync("both write");
        restic.StandardInput.Close();
        await restic.WaitForExitAsync();
        Assert.Equal(0, restic.ExitCode);

        using var killed = Process.Start(Backup())!;
        while (Directory.GetFiles(_folder["repo", "locks"]).Length == 0)
            await Task.Delay(5);
        killed.Kill();
        await killed.WaitForExitAsync();
        await Assert.ThrowsAsync<RepositoryException>(() => RepositoryLock.AcquireAsync(repository, exclusive: true, TimeProvider.System, default));

        // Some hours later, watched by a clock that runs fast.
        var later = new JumpingTime(new BriskTime(400));
        later.Jump(TimeSpan.FromHours(3));
        using var again = await ResticRepository.OpenAsync(new FolderObjectStore(_folder["repo"]), Password, default);
        await using (await RepositoryLock.AcquireAsync(again, exclusive: true, later, default))
            Assert.Single(Directory.GetFiles(_folder["repo", "locks"]));
        Assert.Contains("no errors were found", new StockRestic(_folder["repo"], Password).Run("check", "--read-data"), StringComparison.Ordinal);

        ProcessStartInfo Backup()
        {
            var start = new ProcessStartInfo("restic", ["-r", _folder["repo"], "--no-cache", "backup", "--stdin"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["RESTIC_PASSWORD"] = Password;
            return start;
        }
    }

    [Fact]
    public async Task What_restic_unlocked_and_pruned_under_our_hands_is_no_snapshot()
    {
        using var repository = await ResticRepository.InitializeAsync(new FolderObjectStore(_folder["repo"]), Password, "u", "h", TimeProvider.System, default);
        await WriteSnapshotAsync(repository, new() { ["first"] = Noise(new Random(1), 100_000) });
        var restic = new StockRestic(_folder["repo"], Password);
        await using var held = await RepositoryLock.ClaimAsync(repository, "backup:one", TimeProvider.System, new Random(1), default);
        restic.Run("unlock"); // Ours lives, and it sees that.
        await held.ThrowIfLostAsync();
        await repository.LoadIndexAsync(default);
        await using var writer = new RepositoryWriter(repository, new WriterOptions { Held = held });
        using var content = new MemoryStream(Noise(new Random(2), 100_000));
        var saved = await writer.SaveStreamAsync(content, default);
        var root = await writer.SaveTreeAsync([Node.NewFile("second", (ulong)saved.Size, saved.Blobs, DateTimeOffset.UtcNow)], default);
        await writer.FlushAsync(default);

        restic.Run("unlock", "--remove-all");
        restic.Run("prune", "--max-unused", "0");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held.ThrowIfLostAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held.SaveSnapshotAsync(new Snapshot
        {
            Time = Json.NanoTime.From(DateTimeOffset.UtcNow).ToString(),
            Tree = root.ToString(),
            Paths = ["/Daily"],
            Hostname = "tenant",
        }, default));
        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder["repo", "snapshots"]));
    }

    [Fact]
    public async Task A_flipped_bit_in_a_pack_is_found_and_never_read()
    {
        var store = new FolderObjectStore(_folder["repo"]);
        using var repository = await ResticRepository.InitializeAsync(store, Password, "u", "h", TimeProvider.System, default);
        await WriteSnapshotAsync(repository, new() { ["file"] = Noise(new Random(1), 100_000) });
        var pack = Directory.GetFiles(_folder["repo", "data"], "*", SearchOption.AllDirectories).MaxBy(file => new FileInfo(file).Length)!;
        var bytes = await File.ReadAllBytesAsync(pack);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(pack, bytes);

        var checker = new RepositoryChecker(repository);
        Assert.Empty(await checker.CheckPacksAsync(default));
        var problems = await checker.CheckDataAsync(repository.Index.PackSizes().Keys, null, default);
        Assert.Contains(problems, problem => problem.Kind == CheckProblemKind.DamagedPack);
        await using var writer = new RepositoryWriter(repository);
        using var stream = new MemoryStream(Noise(new Random(1), 100_000));
        var id = (await writer.SaveStreamAsync(stream, default)).Blobs[0];
        var refused = await Assert.ThrowsAsync<RepositoryException>(() => new RepositoryReader(repository).ReadBlobAsync(id, default));
        Assert.Equal(RepositoryErrorKind.Damaged, refused.Kind);
    }

    private static async Task WriteSnapshotAsync(ResticRepository repository, SortedDictionary<string, byte[]> files)
    {
        await using var writer = new RepositoryWriter(repository);
        var nodes = new List<Node>();
        foreach (var (name, content) in files)
        {
            using var stream = new MemoryStream(content);
            var saved = await writer.SaveStreamAsync(stream, default);
            nodes.Add(Node.NewFile(name, (ulong)saved.Size, saved.Blobs, DateTimeOffset.UtcNow) with
            {
                ExtendedAttributes = [new ExtendedAttribute("user.klarkonform", JsonSerializer.SerializeToUtf8Bytes(new { id = name }))],
            });
        }

        var folder = Node.NewDirectory("folder", await writer.SaveTreeAsync(nodes, default), DateTimeOffset.UtcNow);
        var root = await writer.SaveTreeAsync([folder], default);
        await writer.FlushAsync(default);
        await repository.SaveSnapshotAsync(new Snapshot
        {
            Time = Json.NanoTime.From(DateTimeOffset.UtcNow).ToString(),
            Tree = root.ToString(),
            Paths = ["/Daily"],
            Hostname = "tenant",
        }, default);
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
