using KlarKonform.Backup.Storage.S3;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Against a real S3 server behind TLS.</summary>
public abstract class S3ObjectStoreTests(S3TestServer server) : ObjectStoreConformance
{
    private readonly string _prefix = $"store-{Guid.NewGuid():N}";

    protected override IObjectStore Open() => new S3ObjectStore(Options());

    [Fact]
    public async Task A_listing_longer_than_a_page_is_complete()
    {
        await using var store = Open();
        var keys = Enumerable.Range(0, 1050).Select(number => $"data/{number % 7:x2}/{number:D5}").ToArray();
        await Parallel.ForEachAsync(
            keys,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (key, token) => await store.SaveAsync(key, new byte[1], token)
        );
        var listed = 0;
        await foreach (var item in store.ListAsync("data", default))
            listed++;
        Assert.Equal(keys.Length, listed);
    }

    [Fact]
    public async Task Small_pages_are_put_together()
    {
        await using var store = new S3ObjectStore(Options() with { PageSize = 2 });
        string[] keys = [.. Enumerable.Range(0, 7).Select(number => $"data/{number:x2}/{number}")];
        foreach (var key in keys)
            await store.SaveAsync(key, new byte[1], default);
        Assert.Equal(keys, await KeysAsync(store, "data"));
    }

    [Fact]
    public async Task A_class_and_encryption_that_the_server_knows_change_nothing_for_the_reader()
    {
        await using var store = new S3ObjectStore(Options() with { StorageClass = "STANDARD" });
        await store.SaveAsync("data/aa/aa", Noise(1000), default);
        Assert.False((await store.StatAsync("data/aa/aa", default))!.IsArchived);
        Assert.Equal(Noise(1000), await ReadAsync(store, "data/aa/aa", 0, null));
    }

    [Fact]
    public async Task An_untrusted_certificate_is_refused()
    {
        await using var store = new S3ObjectStore(Options() with { HandlerFactory = () => new SocketsHttpHandler() });
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.PrepareAsync(create: false, default));
        Assert.Equal(StorageErrorKind.UntrustedCertificate, failure.Kind);
    }

    [Fact]
    public async Task Wrong_keys_are_refused()
    {
        await using var store = new S3ObjectStore(Options() with { Credentials = new S3Credentials(server.AccessKey, "not the key") });
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.PrepareAsync(create: false, default));
        Assert.True(failure.Kind is StorageErrorKind.AuthenticationFailed or StorageErrorKind.AccessDenied, failure.Kind.ToString());
        Assert.DoesNotContain("not the key", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_bucket_is_named_as_missing()
    {
        await using var store = new S3ObjectStore(Options() with { Bucket = "no-such-bucket" });
        var failure = await Assert.ThrowsAsync<StorageException>(() => store.PrepareAsync(create: true, default));
        Assert.Equal(StorageErrorKind.NotFound, failure.Kind);
    }

    private S3StoreOptions Options()
    {
        if (server.Missing is { } reason)
            Assert.Skip(reason);
        return new S3StoreOptions
        {
            Endpoint = server.Endpoint,
            Bucket = server.Bucket,
            Prefix = _prefix,
            Credentials = new S3Credentials(server.AccessKey, server.SecretKey),
            HandlerFactory = () => server.CreateHandler(),
        };
    }
}
