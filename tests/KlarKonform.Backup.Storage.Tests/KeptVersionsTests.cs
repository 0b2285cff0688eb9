using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using KlarKonform.Backup.Storage.S3;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Ceph's object gateway, in buckets that keep deleted and replaced objects.</summary>
public abstract class KeptVersionsTests : ObjectStoreConformance
{
    private readonly string _prefix = $"store-{Guid.NewGuid():N}";

    protected abstract string Bucket { get; }

    protected static void RequireCeph()
    {
        if (S3TestServer.Ceph.Missing is { } reason)
            Assert.Skip(reason);
    }

    protected override IObjectStore Open()
    {
        RequireCeph();
        return new S3ObjectStore(
            new S3StoreOptions
            {
                Endpoint = S3TestServer.Ceph.Endpoint,
                Bucket = Bucket,
                Prefix = _prefix,
                Credentials = new S3Credentials(S3TestServer.Ceph.AccessKey, S3TestServer.Ceph.SecretKey),
                HandlerFactory = () => S3TestServer.Ceph.CreateHandler(),
            }
        );
    }

    [Fact]
    public async Task What_was_deleted_or_replaced_is_gone_for_the_store_and_kept_in_the_bucket()
    {
        await using var store = Open();
        await store.SaveAsync("data/aa/aa", Noise(100), default);
        await store.SaveAsync("data/aa/aa", Noise(200), default);
        await store.DeleteAsync("data/aa/aa", default);
        await store.DeleteAsync("data/aa/aa", default);
        Assert.Null(await store.StatAsync("data/aa/aa", default));
        Assert.Empty(await KeysAsync(store, "data"));
        Assert.Equal(
            StorageErrorKind.NotFound,
            (await Assert.ThrowsAsync<StorageException>(() => ReadAsync(store, "data/aa/aa", 0, null))).Kind
        );
        Assert.Equal(
            [100, 200],
            (await VersionsAsync()).Where(version => version.IsDeleteMarker != true).Select(version => version.Size).Order()
        );

        await store.SaveAsync("data/aa/aa", Noise(300), default);
        Assert.Equal(Noise(300), await ReadAsync(store, "data/aa/aa", 0, null));
        Assert.Equal(["data/aa/aa"], await KeysAsync(store, "data"));
    }

    protected static AmazonS3Client Client() =>
        new(
            new BasicAWSCredentials(S3TestServer.Ceph.AccessKey, S3TestServer.Ceph.SecretKey),
            new AmazonS3Config
            {
                ServiceURL = S3TestServer.Ceph.Endpoint.ToString(),
                ForcePathStyle = true,
                AuthenticationRegion = "us-east-1",
                HttpClientFactory = new TrustingFactory(),
            }
        );

    protected async Task<IReadOnlyList<S3ObjectVersion>> VersionsAsync()
    {
        using var client = Client();
        return (await client.ListVersionsAsync(new ListVersionsRequest { BucketName = Bucket, Prefix = _prefix + "/data/" })).Versions
            ?? [];
    }

    private sealed class TrustingFactory : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(S3TestServer.Ceph.CreateHandler());
    }
}
