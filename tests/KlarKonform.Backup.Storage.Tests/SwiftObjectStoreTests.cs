using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>OpenStack Swift's S3 interface.</summary>
public sealed class SwiftObjectStoreTests() : S3ObjectStoreTests(S3TestServer.Swift);
