using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>A blob in an index file.</summary>
internal sealed record IndexedBlob
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("type")]
    public required string Type { get; init; }

    [JsonPropertyName("offset")]
    public required uint Offset { get; init; }

    [JsonPropertyName("length")]
    public required uint Length { get; init; }

    [JsonPropertyName("uncompressed_length")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint UncompressedLength { get; init; }
}
