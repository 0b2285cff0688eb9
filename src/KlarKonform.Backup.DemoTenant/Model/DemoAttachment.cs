namespace KlarKonform.Backup.DemoTenant.Model;

public sealed record DemoAttachment(string Id, string Name, string ContentType, long Seed, int Size);
