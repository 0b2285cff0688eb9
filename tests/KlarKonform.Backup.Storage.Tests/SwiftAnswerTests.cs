using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>OpenStack Swift behind a proxy that falsifies answers.</summary>
public sealed class SwiftAnswerTests() : S3AnswerTests(S3TestServer.Swift);
