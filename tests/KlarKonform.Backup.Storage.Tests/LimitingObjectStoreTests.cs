using KlarKonform.Backup.Storage.Limiting;
using KlarKonform.Backup.Storage.Memory;
using KlarKonform.Backup.TestSupport;
using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.Storage.Tests;

public sealed class LimitingObjectStoreTests : ObjectStoreConformance
{
    protected override IObjectStore Open() =>
        new LimitingObjectStore(
            new MemoryObjectStore(),
            new RateLimit(100_000, new ImmediateTime()),
            new RateLimit(100_000, new ImmediateTime())
        );

    [Fact]
    public async Task Uploads_wait_until_their_bytes_may_pass()
    {
        var time = new FakeTimeProvider();
        await using var store = new LimitingObjectStore(new MemoryObjectStore(), new RateLimit(1000, time), null);
        await store.SaveAsync("data/first", Noise(1000), default); // A second's worth passes at once.
        var second = store.SaveAsync("data/second", Noise(3000), default);
        time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(second.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        await second;
    }

    [Fact]
    public async Task Callers_share_one_rate()
    {
        var time = new FakeTimeProvider();
        var limit = new RateLimit(1000, time);
        await limit.PassAsync(1000, default);
        var waiting = Enumerable.Range(0, 4).Select(_ => limit.PassAsync(1000, default)).ToArray();
        for (var second = 1; second <= 4; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await waiting[second - 1];
            Assert.Equal(second, waiting.Count(task => task.IsCompleted));
        }
    }
}
