using KlarKonform.Backup.Storage.Sftp;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>
/// Through tests/sftp-faults.py in front of the real server, which records the requests and gives false answers where a test wants them.
/// </summary>
[Collection(nameof(SftpSessions))]
public sealed class SftpFaultTests : ObjectStoreConformance, IDisposable
{
    private readonly string _name = $"store-{Guid.NewGuid():N}";

    public SftpFaultTests() => Lie("");

    private static string Place => TestServers.Value("SFTP_FAULTS");

    private string Folder => Path.Combine(TestServers.Value("SFTP_PATH"), _name);

    public void Dispose() => Lie("");

    /// <summary>The whole conformance suite on a server that does not say what is a file and what is a folder.</summary>
    protected override IObjectStore Open()
    {
        var store = new SftpObjectStore(Options());
        Lie("untyped");
        return store;
    }

    [Fact]
    public async Task A_file_is_synced_before_it_gets_its_name_and_every_folder_after_it_got_an_entry()
    {
        await using var store = new SftpObjectStore(Options());
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("data/ab/abcd", Noise(100_000), default);
        var asked = Requests()
            .SkipWhile(line => line != $"mkdir {Folder}/data")
            .Where(line => !line.StartsWith("open ", StringComparison.Ordinal))
            .ToList();
        Assert.Equal($"mkdir {Folder}/data", asked[0]);
        Assert.Equal($"fsync {Folder}", asked[1]);
        Assert.Equal($"mkdir {Folder}/data/ab", asked[2]);
        Assert.Equal($"fsync {Folder}/data", asked[3]);
        Assert.StartsWith($"fsync {Folder}/data/ab/abcd-tmp-", asked[4], StringComparison.Ordinal);
        Assert.StartsWith($"rename {Folder}/data/ab/abcd-tmp-", asked[5], StringComparison.Ordinal);
        Assert.Equal($"fsync {Folder}/data/ab", asked[6]);
        Assert.Equal(7, asked.Count);
    }

    [Fact]
    public async Task A_disk_of_the_server_that_cannot_write_is_a_failure()
    {
        await using var store = new SftpObjectStore(Options());
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("data/ab/first", Noise(10), default);
        foreach (var fault in (string[])["fsync-fails", "folder-fsync-fails"])
        {
            Lie(fault);
            var failure = await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("data/ab/second", Noise(10), default));
            Assert.Equal((StorageErrorKind.Other, "data/ab/second"), (failure.Kind, failure.Key));
        }

        await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("data/cd/third", Noise(10), default));
        Lie("");
        var before = Requests().Length;
        await store.SaveAsync("data/cd/third", Noise(10), default);
        Assert.Contains($"fsync {Folder}/data", Requests().Skip(before)); // The folder exists, but is not confirmed to be on the disk.
        Assert.DoesNotContain(
            Directory.GetFiles(Folder, "*", SearchOption.AllDirectories),
            file => file.Contains("-tmp-", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("no-fsync")]
    [InlineData("fsync-unable")]
    [InlineData("folder-fsync-fails")] // From the first one on: this server does not sync folders.
    public async Task A_server_that_cannot_sync_is_written_to_all_the_same(string fault)
    {
        Lie(fault);
        await using var store = new SftpObjectStore(Options());
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("data/ab/abcd", Noise(100), default);
        await store.SaveAsync("data/ab/abce", Noise(100), default);
        Assert.Equal(Noise(100), await ReadAsync(store, "data/ab/abce", 0, null));
    }

    [Fact]
    public async Task A_listing_that_breaks_off_fails()
    {
        await using var store = new SftpObjectStore(Options());
        await store.PrepareAsync(create: true, default);
        for (var number = 0; number < 5; number++)
            await store.SaveAsync($"snapshots/{number}", Noise(1), default);
        Lie("listing-breaks");
        await Assert.ThrowsAsync<StorageException>(() => KeysAsync(store, "snapshots"));
    }

    [Fact]
    public async Task Untyped_files_are_listed_by_name_without_a_request_each()
    {
        Lie("untyped");
        await using var store = new SftpObjectStore(Options());
        await store.PrepareAsync(create: true, default);
        var keys = Enumerable.Range(0, 8).Select(number => $"data/{number:x2}/{new string('a', 63)}{number}").ToArray();
        foreach (var key in keys)
            await store.SaveAsync(key, Noise(5), default);
        var before = Requests().Length;
        Assert.Equal(keys, await KeysAsync(store, "data"));
        Assert.Equal(9, Requests().Skip(before).Count(line => line.StartsWith("opendir ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_folder_may_be_a_link_to_another_volume_and_fails_while_that_is_away()
    {
        await using var store = new SftpObjectStore(Options());
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("config", Noise(3), default);
        var other = Folder + "-volume";
        Directory.CreateDirectory(Path.Combine(other, "ab"));
        await File.WriteAllBytesAsync(Path.Combine(other, "ab", "pack"), Noise(10));
        await File.WriteAllBytesAsync(Path.Combine(other, "single"), Noise(20));
        Directory.CreateSymbolicLink(Path.Combine(Folder, "data"), other);
        Directory.CreateDirectory(Path.Combine(Folder, "index"));
        File.CreateSymbolicLink(Path.Combine(Folder, "index", "link"), Path.Combine(other, "single"));
        Assert.Equal(["data/ab/pack", "data/single"], await KeysAsync(store, "data"));
        var sizes = new List<(string, long)>();
        await foreach (var item in store.ListAsync("", default))
            sizes.Add((item.Key, item.Size));
        Assert.Equal([("config", 3), ("data/ab/pack", 10), ("data/single", 20), ("index/link", 20)], sizes.Order());
        Assert.Equal(20, (await store.StatAsync("index/link", default))!.Size);

        Directory.Move(other, other + "-away");
        await Assert.ThrowsAsync<StorageException>(() => KeysAsync(store, ""));
        await Assert.ThrowsAsync<StorageException>(() => KeysAsync(store, "index"));
    }

    [Fact]
    public async Task Links_in_a_circle_end()
    {
        await using var store = new SftpObjectStore(Options());
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("data/ab/abcd", Noise(3), default);
        Directory.CreateSymbolicLink(Path.Combine(Folder, "data", "again"), "..");
        await Assert.ThrowsAsync<StorageException>(() => KeysAsync(store, "data"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_volume_that_goes_away_at_the_server_fails_at_every_call(bool leavesItsMountPoint)
    {
        await using var store = new SftpObjectStore(Options());
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("config", Noise(3), default);
        await store.SaveAsync("snapshots/s", Noise(3), default);
        Directory.Move(Folder, Folder + "-away");
        if (leavesItsMountPoint && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Folder);
            File.SetUnixFileMode(Folder, (UnixFileMode)0b111_111_111);
        }

        foreach (
            var call in (Func<Task>[])
                [
                    () => KeysAsync(store, "snapshots"),
                    () => KeysAsync(store, "locks"),
                    () => KeysAsync(store, ""),
                    () => store.StatAsync("snapshots/s", default),
                    () => store.StatAsync("config", default),
                    () => store.OpenReadAsync("snapshots/s", 0, null, default),
                    () => store.DeleteAsync("snapshots/s", default),
                    () => store.SaveAsync("snapshots/t", Noise(1), default),
                    () => store.SaveAsync("data/ff/ff", Noise(1), default),
                ]
        )
            Assert.Equal(StorageErrorKind.Unreachable, (await Assert.ThrowsAsync<StorageException>(call)).Kind);
        Assert.Empty(leavesItsMountPoint ? Directory.GetFileSystemEntries(Folder) : []);
    }

    private static void Lie(string faults)
    {
        if (Environment.GetEnvironmentVariable("KK_TEST_SFTP_FAULTS") is { Length: > 0 })
            File.WriteAllText(Path.Combine(Place, "faults"), faults);
    }

    private string[] Requests() =>
        [.. File.ReadLines(Path.Combine(Place, "requests.log")).Where(line => line.Contains(_name, StringComparison.Ordinal))];

    private SftpStoreOptions Options()
    {
        if (TestServers.Missing("KK_TEST_SFTP_FAULTY_PORT") is { } reason)
            Assert.Skip(reason);
        return new SftpStoreOptions
        {
            Host = "127.0.0.1",
            Port = int.Parse(TestServers.Value("SFTP_FAULTY_PORT"), System.Globalization.CultureInfo.InvariantCulture),
            UserName = TestServers.Value("SFTP_USER"),
            Password = TestServers.Value("SFTP_PASSWORD"),
            Path = Folder,
            HostKeyFingerprint = TestServers.Value("SFTP_HOSTKEY"),
            MaxConnections = 2,
        };
    }
}
