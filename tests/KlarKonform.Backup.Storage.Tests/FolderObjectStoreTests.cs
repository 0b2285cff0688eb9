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
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder["store", "data", "aa"]));
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
}
