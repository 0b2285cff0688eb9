namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoDriveItem
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    public required string? ParentId { get; set; }

    public bool IsFolder { get; init; }

    public long Size { get; set; }

    public long Seed { get; set; }

    /// <summary>The bytes that a client sent, where they are not made of a seed.</summary>
    public byte[]? Content { get; set; }

    public DateTimeOffset Modified { get; set; }

    public string CreatedBy { get; init; } = "Anna Muster";

    public string ModifiedBy { get; set; } = "Anna Muster";

    /// <summary>The number in the item's eTag: changes of its content and of its name.</summary>
    public int Version { get; set; } = 1;

    /// <summary>Older contents, oldest first.</summary>
    public List<DemoFileVersion> OlderVersions { get; } = [];

    /// <summary>Permissions of its own, beside those that it inherits.</summary>
    public List<DemoPermission> Permissions { get; } = [];

    /// <summary>Its row in the library's list.</summary>
    public int ListItemId { get; set; }

    public string? RetentionLabel { get; set; }

    /// <summary>Flagged as malware: its content cannot be read.</summary>
    public bool IsMalware { get; set; }

    /// <summary>A OneNote notebook: a folder that says so by its package facet alone.</summary>
    public bool IsNotebook { get; init; }

    /// <summary>A shortcut to a folder of another drive.</summary>
    public bool IsShortcut { get; init; }

    /// <summary>Graph serves no content: what happens to tables of contents of notebooks.</summary>
    public bool IsContentMissing { get; init; }

    /// <summary>Bytes more than announced that SharePoint serves, with another hash: property promotion.</summary>
    public int ServedLonger { get; set; }

    /// <summary>What is served instead of what is announced: SharePoint writes properties into documents. Null for the announced content.</summary>
    public byte[]? ServedContent { get; set; }
}
