using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Ceph's object gateway.</summary>
public sealed class CephObjectStoreTests() : S3ObjectStoreTests(S3TestServer.Ceph);
