using KlarKonform.Backup.Storage.Memory;

namespace KlarKonform.Backup.Storage.Tests;

public sealed class MemoryObjectStoreTests : ObjectStoreConformance
{
    protected override IObjectStore Open() => new MemoryObjectStore();

    [Fact]
    public async Task What_does_not_fit_is_refused_and_what_was_there_stays()
    {
        await using var store = new MemoryObjectStore(capacity: 100);
        await store.SaveAsync("data/a", Noise(60), default);
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.SaveAsync("data/b", Noise(60), default));
        Assert.Equal(StorageErrorKind.Full, failure.Kind);
        Assert.Equal(Noise(60), await ReadAsync(store, "data/a", 0, null));
        await store.DeleteAsync("data/a", default);
        await store.SaveAsync("data/b", Noise(60), default);
    }
}
