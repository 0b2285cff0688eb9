namespace KlarKonform.Backup.DemoTenant.Model;

public sealed record DemoAttachment(string Id, string Name, string ContentType, long Seed, int Size)
{
    public bool IsInline { get; init; }

    /// <summary>A link to a file in the cloud: it has no bytes of its own.</summary>
    public bool IsReference { get; init; }
}
