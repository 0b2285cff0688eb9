using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

public sealed class FolderObjectStoreTests : ObjectStoreConformance, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    protected override IObjectStore Open() => new FolderObjectStore(_folder["store"]);

    [Fact]
    public async Task Files_belong_to_the_current_user_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Unix permissions only.");
            return;
        }

        await using var store = Open();
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("data/aa/aa", Noise(3), default);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["store", "data", "aa", "aa"]));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(_folder["store", "data", "aa"])
        );
    }

    [Fact]
    public async Task A_missing_folder_is_created_only_on_request()
    {
        await using var store = Open();
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.PrepareAsync(create: false, default));
        Assert.Equal(StorageErrorKind.NotFound, failure.Kind);
        Assert.False(Directory.Exists(_folder["store"]));
    }

    [Fact]
    public async Task A_half_written_file_is_not_listed()
    {
        await using var store = Open();
        await store.PrepareAsync(create: true, default);
        Directory.CreateDirectory(_folder["store", "data", "aa"]);
        await File.WriteAllBytesAsync(_folder["store", "data", "aa", "aabb-tmp-123"], [1]);
        await foreach (var item in store.ListAsync("data", default))
            Assert.Fail(item.Key);
    }

    [Fact]
    public async Task A_full_disk_is_told_as_such_and_leaves_nothing_half_written()
    {
        using var disk = SmallDisk.TryMount(_folder["disk"], megabytes: 4);
        if (disk is null)
            Assert.Skip("Mounting a small tmpfs needs the right to mount.");
        await using var store = new FolderObjectStore(_folder["disk", "store"]);
        await store.PrepareAsync(create: true, default);
        await store.SaveAsync("data/aa/fits", Noise(2_000_000), default);
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("data/aa/too-large", Noise(4_000_000), default));
        Assert.Equal(StorageErrorKind.Full, failure.Kind);
        Assert.Equal(
            [_folder["disk", "store", "data", "aa", "fits"]],
            Directory.GetFiles(_folder["disk"], "*", SearchOption.AllDirectories)
        );
        Assert.Equal(Noise(2_000_000), await ReadAsync(store, "data/aa/fits", 0, null));
        await store.SaveAsync("data/aa/small", Noise(1_000_000), default);
    }
}
