namespace KlarKonform.Backup.DemoTenant.Model;

public sealed record DemoAttachment(string Id, string Name, string ContentType, long Seed, int Size)
{
    public bool IsInline { get; init; }

    /// <summary>The bytes that a client sent, if they are not generated from a seed.</summary>
    public byte[]? Bytes { get; init; }

    /// <summary>The id by which the text refers to it.</summary>
    public string? ContentId { get; init; }

    /// <summary>Its bytes.</summary>
    public byte[] Content => Bytes ?? SeededContent.Bytes(Seed, Size);

    /// <summary>A link to a file in the cloud: it has no bytes of its own.</summary>
    public bool IsReference { get; init; }
}
