using System.Security.Cryptography.X509Certificates;
using KlarKonform.Backup.Storage.S3;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Against OpenStack Swift's S3 interface behind TLS.</summary>
public sealed class S3ObjectStoreTests : ObjectStoreConformance
{
    private readonly string _prefix = $"store-{Guid.NewGuid():N}";

    protected override IObjectStore Open() => new S3ObjectStore(Options());

    [Fact]
    public async Task A_listing_longer_than_a_page_is_complete()
    {
        await using var store = Open();
        var keys = Enumerable.Range(0, 1050).Select(number => $"data/{number % 7:x2}/{number:D5}").ToArray();
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (key, token) => await store.SaveAsync(key, new byte[1], token));
        var listed = 0;
        await foreach (var item in store.ListAsync("data", default))
            listed++;
        Assert.Equal(keys.Length, listed);
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
        await using var store = new S3ObjectStore(Options() with { Credentials = new S3Credentials(TestServers.Value("S3_ACCESS_KEY"), "not the key") });
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
        if (TestServers.Missing("KK_TEST_S3_ENDPOINT") is { } reason)
            Assert.Skip(reason);
        return new S3StoreOptions
        {
            Endpoint = new Uri(TestServers.Value("S3_ENDPOINT")),
            Bucket = TestServers.Value("S3_BUCKET"),
            Prefix = _prefix,
            Credentials = new S3Credentials(TestServers.Value("S3_ACCESS_KEY"), TestServers.Value("S3_SECRET_KEY")),
            HandlerFactory = () =>
            {
                var authority = X509CertificateLoader.LoadCertificateFromFile(TestServers.Value("S3_CA"));
                var handler = new SocketsHttpHandler();
                handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { authority },
                };
                return handler;
            },
        };
    }
}
