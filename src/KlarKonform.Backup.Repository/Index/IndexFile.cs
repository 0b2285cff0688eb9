using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>A file below <c>index/</c>: which blobs lie in which packs.</summary>
internal sealed record IndexFile
{
    [JsonPropertyName("supersedes")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Supersedes { get; init; }

    [JsonPropertyName("packs")]
    public required IReadOnlyList<IndexedPack> Packs { get; init; }
}
