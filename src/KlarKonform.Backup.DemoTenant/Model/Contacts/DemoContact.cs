namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoContact
{
    public required string Id { get; init; }

    public required string FolderId { get; set; }

    public required string GivenName { get; set; }

    public required string Surname { get; set; }

    public string Company { get; set; } = "";

    public string Notes { get; set; } = "";

    public string Phone { get; set; } = "";

    public DateOnly? Birthday { get; set; }

    /// <summary>Null for one that is derived from the id.</summary>
    public string? Email { get; init; }

    /// <summary>The photo that a client sent.</summary>
    public byte[]? PhotoBytes { get; set; }

    /// <summary>singleValueExtendedProperties, by their ids.</summary>
    public Dictionary<string, string> Extended { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Seed of the photo; null for none.</summary>
    public long? PhotoSeed { get; set; }

    public int Version { get; set; }

    public string ChangeKey => $"EQAAA{Version:D6}{Id[^6..]}";
}
