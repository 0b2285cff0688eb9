using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>A bucket with versioning.</summary>
public sealed class VersionedBucketTests : KeptVersionsTests
{
    protected override string Bucket => S3TestServer.Ceph.VersionedBucket;
}
