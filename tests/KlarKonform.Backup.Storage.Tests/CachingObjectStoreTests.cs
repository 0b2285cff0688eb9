using System.Security.Cryptography;
using KlarKonform.Backup.Storage.Caching;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.Storage.Memory;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

public sealed class CachingObjectStoreTests : ObjectStoreConformance, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MemoryObjectStore _inner = new();

    public void Dispose() => _folder.Dispose();

    protected override IObjectStore Open() =>
        new CachingObjectStore(_inner, new FolderObjectStore(_folder["cache"]), ["index", "snapshots"]);

    [Fact]
    public async Task A_copy_serves_when_the_store_is_not_asked()
    {
        await using var store = Open();
        var (key, content) = await SaveNamedAsync(store);
        await _inner.DeleteAsync(key, default);
        Assert.Equal(content, await ReadAsync(store, key, 0, null));
        Assert.Equal(content[5..9], await ReadAsync(store, key, 5, 4));
    }

    [Fact]
    public async Task A_damaged_copy_is_thrown_away_and_never_handed_out()
    {
        await using var store = Open();
        var (key, content) = await SaveNamedAsync(store);
        await File.WriteAllBytesAsync(_folder["cache", key], [1, 2, 3]);
        Assert.Equal(content, await ReadAsync(store, key, 0, null));
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["cache", key]));
    }

    [Fact]
    public async Task The_cache_may_vanish_at_any_time()
    {
        await using var store = Open();
        var (key, content) = await SaveNamedAsync(store);
        Directory.Delete(_folder["cache"], recursive: true);
        await File.WriteAllTextAsync(_folder["cache"], "a file where the folder was");
        Assert.Equal(content, await ReadAsync(store, key, 0, null));
        await SaveNamedAsync(store);
    }

    [Fact]
    public async Task What_the_store_no_longer_lists_is_dropped()
    {
        await using var store = Open();
        var (key, _) = await SaveNamedAsync(store);
        await _inner.DeleteAsync(key, default);
        await foreach (var item in store.ListAsync("index", default))
            Assert.Fail(item.Key);
        Assert.False(File.Exists(_folder["cache", key]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(999)]
    public async Task What_the_store_lists_with_another_size_is_read_from_the_store_by_whoever_learns_of_it(int length)
    {
        await using var store = Open();
        var (key, content) = await SaveNamedAsync(store);
        await _inner.SaveAsync(key, content.AsMemory(0, length), default);
        await foreach (var item in store.ListAsync("index", default))
            Assert.Equal(content[..length], await ReadAsync(store, item.Key, 0, null)); // While the listing continues.
        Assert.Equal(content[..length], await ReadAsync(store, key, 0, null));
        Assert.False(File.Exists(_folder["cache", key]));
    }

    [Fact]
    public async Task Past_the_cache_the_store_itself_is_asked()
    {
        await using var store = Open();
        var (key, content) = await SaveNamedAsync(store);
        var changed = content.ToArray();
        changed[7] ^= 1;
        await _inner.SaveAsync(key, changed, default);
        Assert.Equal(content, await ReadAsync(store, key, 0, null));
        Assert.Equal(changed, await ReadAsync(store.PastCache(), key, 0, null));
        Assert.Same(_inner, _inner.PastCache());
    }

    private static async Task<(string Key, byte[] Content)> SaveNamedAsync(IObjectStore store)
    {
        var content = Noise(1000);
        var key = "index/" + Convert.ToHexString(SHA256.HashData(content)).ToLowerInvariant();
        await store.SaveAsync(key, content, default);
        return (key, content);
    }
}
