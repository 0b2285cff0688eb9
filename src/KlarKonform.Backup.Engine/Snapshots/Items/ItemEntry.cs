using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>Where an item is in the snapshot, and in which version. Folders are items too.</summary>
internal sealed record ItemEntry
{
    /// <summary>The item's id at the source.</summary>
    [JsonPropertyName("i")]
    public required string Id { get; init; }

    /// <summary>Its folder's id; empty for the resource's root.</summary>
    [JsonPropertyName("p")]
    public required string Parent { get; init; }

    /// <summary>Sub-folder that we create between the folder and the item (mail: the month), or null.</summary>
    [JsonPropertyName("s")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sub { get; init; }

    /// <summary>Its name in the snapshot.</summary>
    [JsonPropertyName("n")]
    public required string Name { get; init; }

    /// <summary>Distinguishes versions: change key, or hash and size.</summary>
    [JsonPropertyName("v")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Version { get; init; }

    /// <summary>Distinguishes states of its properties, for sources whose items change without their content changing.</summary>
    [JsonPropertyName("m")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Properties { get; init; }

    /// <summary>
    /// Files next to the item that belong to it, each by what follows the name without its extension: an event's <c>.ics</c>, its
    /// attachments, a contact's photo. They are moved, changed and removed together with it.
    /// </summary>
    [JsonPropertyName("x")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Parts { get; init; }

    /// <summary>Whether it is a folder.</summary>
    [JsonPropertyName("f")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsFolder { get; init; }

    /// <summary>The name of a part.</summary>
    public string PartName(string suffix) => Path.GetFileNameWithoutExtension(Name) + suffix;
}
