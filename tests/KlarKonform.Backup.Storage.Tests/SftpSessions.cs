namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Tests that use the single SFTP user, one class at a time: some of them kill all sessions of that user.</summary>
[CollectionDefinition(nameof(SftpSessions))]
public sealed class SftpSessions;
