namespace KlarKonform.Backup.Storage.Tests;

/// <summary>Tests that set the environment's AWS keys, one class at a time.</summary>
[CollectionDefinition(nameof(DefaultCredentials))]
public sealed class DefaultCredentials;
