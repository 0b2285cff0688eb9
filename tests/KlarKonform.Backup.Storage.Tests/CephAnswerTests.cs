using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Ceph's object gateway behind a proxy that falsifies answers.</summary>
public sealed class CephAnswerTests() : S3AnswerTests(S3TestServer.Ceph);
