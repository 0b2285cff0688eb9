using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

public sealed class RetryingObjectStoreTests : ObjectStoreConformance, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The whole conformance suite through a store that fails every fifth call.</summary>
    protected override IObjectStore Open() =>
        new RetryingObjectStore(new FailingStore(new FolderObjectStore(_folder["store"]), every: 5), new ImmediateTime(), new Random(1));

    [Fact]
    public async Task It_gives_up_after_its_attempts_and_reports_the_last_failure()
    {
        var failing = new FailingStore(new FolderObjectStore(_folder["store"]), every: 1);
        await using var store = new RetryingObjectStore(failing, new ImmediateTime(), new Random(1), attempts: 4);
        await Assert.ThrowsAsync<StorageException>(() => store.StatAsync("x", default));
        Assert.Equal(4, failing.Calls);
    }

    [Fact]
    public async Task A_failure_that_will_not_pass_is_not_repeated()
    {
        var failing = new FailingStore(new FolderObjectStore(_folder["store"]), every: 1, StorageErrorKind.AccessDenied);
        await using var store = new RetryingObjectStore(failing, new ImmediateTime(), new Random(1));
        await Assert.ThrowsAsync<StorageException>(() => store.StatAsync("x", default));
        Assert.Equal(1, failing.Calls);
    }

    private sealed class FailingStore(IObjectStore inner, int every, StorageErrorKind kind = StorageErrorKind.Unreachable) : IObjectStore
    {
        private int _calls;

        public int Calls => _calls;

        public string Location => inner.Location;

        public Task PrepareAsync(bool create, CancellationToken cancellationToken) => inner.PrepareAsync(create, cancellationToken);

        public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) =>
            Fail(key) ?? inner.StatAsync(key, cancellationToken);

        public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            Fail(key) ?? inner.SaveAsync(key, content, cancellationToken);

        public async Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
        {
            if (Fail(key) is { } failure)
                await failure;
            return new BreakingStream(await inner.OpenReadAsync(key, offset, length, cancellationToken));
        }

        public async IAsyncEnumerable<StoredObject> ListAsync(
            string folder,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            await foreach (var item in inner.ListAsync(folder, cancellationToken))
            {
                yield return item;
                if (Fail(folder) is { } failure)
                    await failure;
            }
        }

        public Task DeleteAsync(string key, CancellationToken cancellationToken) => Fail(key) ?? inner.DeleteAsync(key, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private Task<StoredObject?>? Fail(string key) =>
            Interlocked.Increment(ref _calls) % every == 0
                ? Task.FromException<StoredObject?>(new StorageException(kind, Location, key, "It failed on purpose."))
                : null;
    }

    /// <summary>Breaks once, in the middle of the object.</summary>
    private sealed class BreakingStream(Stream inner) : ForwardReadStream
    {
        private int _reads;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (++_reads == 2)
                throw new IOException("The connection broke on purpose.");
            return await inner.ReadAsync(buffer[..Math.Min(buffer.Length, 70_000)], cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
