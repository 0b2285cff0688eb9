namespace KlarKonform.Backup.Storage.Tests;

/// <summary>What every store must do in the same way. Each kind of storage runs all of it.</summary>
public abstract class ObjectStoreConformance
{
    protected abstract IObjectStore Open();

    [Fact]
    public async Task What_was_saved_is_read_back_whole_and_in_parts()
    {
        await using var store = await PreparedAsync();
        var content = Noise(300_000);
        await store.SaveAsync("data/ab/abcd", content, default);

        Assert.Equal(content, await ReadAsync(store, "data/ab/abcd", 0, null));
        Assert.Equal(content[1000..1500], await ReadAsync(store, "data/ab/abcd", 1000, 500));
        Assert.Equal(content[299_000..], await ReadAsync(store, "data/ab/abcd", 299_000, null));
        Assert.Equal(
            ("data/ab/abcd", 300_000L),
            await store.StatAsync("data/ab/abcd", default) is { } found ? (found.Key, found.Size) : default
        );
    }

    [Fact]
    public async Task An_empty_object_is_an_object()
    {
        await using var store = await PreparedAsync();
        await store.SaveAsync("locks/empty", ReadOnlyMemory<byte>.Empty, default);
        Assert.Equal(0, (await store.StatAsync("locks/empty", default))!.Size);
        Assert.Empty(await ReadAsync(store, "locks/empty", 0, null));
    }

    [Fact]
    public async Task Saving_again_replaces_the_object()
    {
        await using var store = await PreparedAsync();
        await store.SaveAsync("index/one", Noise(10), default);
        var second = Noise(20);
        await store.SaveAsync("index/one", second, default);
        Assert.Equal(second, await ReadAsync(store, "index/one", 0, null));
    }

    [Fact]
    public async Task Listing_names_every_object_of_a_folder_at_any_depth_and_no_other()
    {
        await using var store = await PreparedAsync();
        foreach (var key in (string[])["data/aa/aa1", "data/bb/bb1", "data/bb/bb2", "index/x"])
            await store.SaveAsync(key, Noise(key.Length), default);
        var listed = new List<StoredObject>();
        await foreach (var item in store.ListAsync("data", default))
            listed.Add(item);
        Assert.Equal(["data/aa/aa1", "data/bb/bb1", "data/bb/bb2"], listed.Select(item => item.Key).Order());
        Assert.All(listed, item => Assert.Equal(item.Key.Length, item.Size));
        Assert.All(
            listed,
            item =>
                Assert.True(
                    item.Modified is null || (DateTimeOffset.UtcNow - item.Modified.Value).Duration() < TimeSpan.FromHours(1),
                    $"{item.Modified}"
                )
        );
        await foreach (var item in store.ListAsync("nothing", default))
            Assert.Fail($"'{item.Key}' is in a folder that was never written to.");
    }

    [Fact]
    public async Task A_missing_object_is_told_from_other_failures()
    {
        await using var store = await PreparedAsync();
        Assert.Null(await store.StatAsync("data/aa/none", default));
        var failure = await Assert.ThrowsAsync<StorageException>(() => ReadAsync(store, "data/aa/none", 0, null));
        Assert.Equal(StorageErrorKind.NotFound, failure.Kind);
    }

    [Fact]
    public async Task Deleting_is_final_and_may_be_repeated()
    {
        await using var store = await PreparedAsync();
        await store.SaveAsync("snapshots/s", Noise(5), default);
        await store.DeleteAsync("snapshots/s", default);
        await store.DeleteAsync("snapshots/s", default);
        Assert.Null(await store.StatAsync("snapshots/s", default));
    }

    [Fact]
    public async Task Many_callers_at_once_do_not_disturb_each_other()
    {
        await using var store = await PreparedAsync();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 24),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (number, token) =>
            {
                var content = Noise(10_000 + number, number);
                await store.SaveAsync($"data/{number:x2}/{number}", content, token);
                Assert.Equal(content, await ReadAsync(store, $"data/{number:x2}/{number}", 0, null));
            }
        );
    }

    protected static byte[] Noise(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed + length).NextBytes(bytes);
        return bytes;
    }

    protected static async Task<string[]> KeysAsync(IObjectStore store, string folder)
    {
        var keys = new List<string>();
        await foreach (var item in store.ListAsync(folder, default))
            keys.Add(item.Key);
        return [.. keys.Order(StringComparer.Ordinal)];
    }

    protected static async Task<byte[]> ReadAsync(IObjectStore store, string key, long offset, long? length)
    {
        await using var stream = await store.OpenReadAsync(key, offset, length, default);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory);
        return memory.ToArray();
    }

    private async Task<IObjectStore> PreparedAsync()
    {
        var store = Open();
        await store.PrepareAsync(create: true, default);
        return store;
    }
}
