using Amazon.S3;
using Amazon.S3.Model;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>A bucket with Object Lock and a default retention of a day (GOVERNANCE).</summary>
public sealed class LockedBucketTests : KeptVersionsTests
{
    protected override string Bucket => S3TestServer.Ceph.LockedBucket;

    [Fact]
    public async Task Nobody_deletes_a_version_within_its_time()
    {
        await using var store = Open();
        await store.SaveAsync("data/aa/aa", Noise(100), default);
        await store.DeleteAsync("data/aa/aa", default);
        var version = Assert.Single(await VersionsAsync(), version => version.IsDeleteMarker != true);
        using var client = Client();
        var refused = await Assert.ThrowsAsync<AmazonS3Exception>(() =>
            client.DeleteObjectAsync(
                new DeleteObjectRequest
                {
                    BucketName = Bucket,
                    Key = version.Key,
                    VersionId = version.VersionId,
                }
            )
        );
        Assert.Equal("AccessDenied", refused.ErrorCode);
        Assert.Contains(await VersionsAsync(), each => each.VersionId == version.VersionId);
    }
}
