using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Ceph's object gateway behind a proxy that injects faults.</summary>
[Collection(nameof(DefaultCredentials))]
public sealed class CephFaultTests() : S3FaultTests(S3TestServer.Ceph);
