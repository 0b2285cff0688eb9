using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>A share that is away must never look like an empty one.</summary>
public sealed class FolderSightTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_share_that_goes_away_fails_at_every_call_and_is_back_when_it_is_back(bool leavesItsMountPoint)
    {
        await using var store = await FilledAsync();
        Directory.Move(_folder["share"], _folder["elsewhere"]);
        if (leavesItsMountPoint)
            Directory.CreateDirectory(_folder["share"]);
        foreach (var call in Calls(store))
            Assert.Equal(StorageErrorKind.Unreachable, (await Assert.ThrowsAsync<StorageException>(call)).Kind);
        // Nothing is written next to the real place.
        Assert.Empty(leavesItsMountPoint ? Directory.GetFileSystemEntries(_folder["share"]) : []);

        if (leavesItsMountPoint)
            Directory.Delete(_folder["share"]);
        Directory.Move(_folder["elsewhere"], _folder["share"]);
        Assert.NotNull(await store.StatAsync("config", default));
        Assert.Single(await ListAsync(store, "snapshots"));
    }

    [Fact]
    public async Task A_disk_that_is_unmounted_fails_at_every_call()
    {
        using (var disk = SmallDisk.TryMount(_folder["share"], megabytes: 4))
        {
            if (disk is null)
                Assert.Skip("Mounting a small tmpfs needs the right to mount.");
            await using var store = await FilledAsync();
            disk.Dispose();
            foreach (var call in Calls(store))
                Assert.Equal(StorageErrorKind.Unreachable, (await Assert.ThrowsAsync<StorageException>(call)).Kind);
        }
    }

    [Fact]
    public async Task A_share_that_goes_away_while_it_is_listed_is_no_short_listing()
    {
        await using var store = await FilledAsync();
        for (var number = 0; number < 20; number++)
            await store.SaveAsync($"data/{number:x2}/{number}", new byte[1], default);
        await using var listing = store.ListAsync("data", default).GetAsyncEnumerator();
        Assert.True(await listing.MoveNextAsync());
        Directory.Move(_folder["share"], _folder["elsewhere"]);
        Directory.CreateDirectory(_folder["share"]);
        var failure = await Assert.ThrowsAsync<StorageException>(async () =>
        {
            while (await listing.MoveNextAsync()) { }
        });
        Assert.Equal(StorageErrorKind.Unreachable, failure.Kind);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_read_is_a_failure_and_not_an_empty_folder()
    {
        await using var store = await FilledAsync();
        Directory.Delete(_folder["share", "snapshots"], recursive: true);
        File.CreateSymbolicLink(_folder["share", "snapshots"], "snapshots"); // ELOOP, like any other error of the file system.
        foreach (
            var call in (Func<Task>[])
                [
                    () => ListAsync(store, "snapshots"),
                    () => store.StatAsync("snapshots/s", default),
                    () => store.DeleteAsync("snapshots/s", default),
                    () => store.OpenReadAsync("snapshots/s", 0, null, default),
                ]
        )
            Assert.Equal(StorageErrorKind.Other, (await Assert.ThrowsAsync<StorageException>(call)).Kind);
        Assert.Equal(StorageErrorKind.Other, (await Assert.ThrowsAsync<StorageException>(() => ListAsync(store, ""))).Kind);
    }

    [Fact]
    public async Task A_folder_may_be_a_link_to_another_volume_and_fails_while_that_is_away()
    {
        await using var store = await FilledAsync();
        Directory.Move(_folder["share", "snapshots"], _folder["volume"]);
        Directory.CreateSymbolicLink(_folder["share", "snapshots"], _folder["volume"]);
        Assert.Equal(["snapshots/s"], await ListAsync(store, "snapshots"));
        Assert.Contains("snapshots/s", await ListAsync(store, ""));
        await store.SaveAsync("snapshots/t", new byte[1], default);
        Assert.True(File.Exists(_folder["volume", "t"]));

        Directory.Move(_folder["volume"], _folder["away"]);
        await Assert.ThrowsAsync<StorageException>(() => ListAsync(store, ""));
        await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("snapshots/u", new byte[1], default));
    }

    [Fact]
    public async Task A_file_may_be_a_link_and_has_the_size_of_what_it_leads_to()
    {
        await using var store = await FilledAsync();
        await File.WriteAllBytesAsync(_folder["pack"], new byte[12345]);
        File.CreateSymbolicLink(_folder["share", "snapshots", "link"], _folder["pack"]);
        Assert.Equal(12345, (await store.StatAsync("snapshots/link", default))!.Size);
        await foreach (var item in store.ListAsync("snapshots", default))
            Assert.Equal(item.Name == "link" ? 12345 : 3, item.Size);
    }

    [Fact]
    public async Task A_folder_that_was_never_written_to_is_empty_before_and_after_there_is_a_repository()
    {
        await using var store = new FolderObjectStore(_folder["new"]);
        await store.PrepareAsync(create: true, default);
        Assert.Empty(await ListAsync(store, "snapshots"));
        Assert.Null(await store.StatAsync("config", default));
        await store.SaveAsync("config", new byte[3], default);
        Assert.Empty(await ListAsync(store, "snapshots"));
        await store.DeleteAsync("snapshots/s", default);
        await store.DeleteAsync("config", default);
        Assert.Empty(await ListAsync(store, ""));
    }

    private static Func<Task>[] Calls(FolderObjectStore store) =>
        [
            () => ListAsync(store, "snapshots"),
            () => ListAsync(store, "locks"),
            () => ListAsync(store, ""),
            () => store.StatAsync("snapshots/s", default),
            () => store.StatAsync("config", default),
            () => store.OpenReadAsync("snapshots/s", 0, null, default),
            () => store.DeleteAsync("snapshots/s", default),
            () => store.SaveAsync("snapshots/t", new byte[1], default),
            () => store.SaveAsync("data/ff/ff", new byte[1], default),
        ];

    private async Task<FolderObjectStore> FilledAsync()
    {
        var store = new FolderObjectStore(_folder["share"]);
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("config", new byte[3], default);
        await store.SaveAsync("snapshots/s", new byte[3], default);
        return store;
    }

    private static async Task<List<string>> ListAsync(FolderObjectStore store, string folder)
    {
        var keys = new List<string>();
        await foreach (var item in store.ListAsync(folder, default))
            keys.Add(item.Key);
        return keys;
    }
}
