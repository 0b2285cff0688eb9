namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Tests that work as the one SFTP user, one class at a time: some of them kill all of his sessions.</summary>
[CollectionDefinition(nameof(SftpSessions))]
public sealed class SftpSessions;
