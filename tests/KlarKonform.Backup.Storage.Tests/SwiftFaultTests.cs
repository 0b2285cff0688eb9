using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>OpenStack Swift's S3 interface behind a proxy that injects faults.</summary>
[Collection(nameof(DefaultCredentials))]
public sealed class SwiftFaultTests() : S3FaultTests(S3TestServer.Swift);
