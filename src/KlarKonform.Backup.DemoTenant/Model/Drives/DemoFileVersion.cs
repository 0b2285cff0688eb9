namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>An older content of a file.</summary>
public sealed record DemoFileVersion(string Id, long Seed, long Size, DateTimeOffset Modified);
