namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>An older version of a file.</summary>
public sealed record DemoFileVersion(string Id, long Seed, long Size, DateTimeOffset Modified);
