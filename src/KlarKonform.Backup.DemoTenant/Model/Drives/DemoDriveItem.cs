namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoDriveItem
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    public required string? ParentId { get; set; }

    public bool IsFolder { get; init; }

    public long Size { get; set; }

    public long Seed { get; set; }

    /// <summary>The bytes that a client sent, if they are not generated from a seed.</summary>
    public byte[]? Content { get; set; }

    public DateTimeOffset Modified { get; set; }

    public string CreatedBy { get; init; } = "Anna Muster";

    public string ModifiedBy { get; set; } = "Anna Muster";

    /// <summary>The number in the item's eTag: counts changes of its content and of its name.</summary>
    public int Version { get; set; } = 1;

    /// <summary>Older versions, oldest first.</summary>
    public List<DemoFileVersion> OlderVersions { get; } = [];

    /// <summary>Its own permissions, in addition to inherited ones.</summary>
    public List<DemoPermission> Permissions { get; } = [];

    /// <summary>Its row in the library's list.</summary>
    public int ListItemId { get; set; }

    public string? RetentionLabel { get; set; }

    /// <summary>Flagged as malware: its content cannot be read.</summary>
    public bool IsMalware { get; set; }

    /// <summary>A OneNote notebook: a folder that only its package facet identifies.</summary>
    public bool IsNotebook { get; init; }

    /// <summary>A shortcut to a folder of another drive.</summary>
    public bool IsShortcut { get; init; }

    /// <summary>Graph serves no content: as happens to tables of contents of notebooks.</summary>
    public bool IsContentMissing { get; init; }

    /// <summary>How many bytes more than announced SharePoint serves, with another hash: property promotion.</summary>
    public int ServedLonger { get; set; }

    /// <summary>
    /// Served instead of the announced content: SharePoint writes properties into documents. Null for the announced content.
    /// </summary>
    public byte[]? ServedContent { get; set; }
}
