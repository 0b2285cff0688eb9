using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Repository;

/// <summary>The file <c>config</c>: version, id and the chunker's polynomial.</summary>
public sealed record RepositoryConfig
{
    /// <summary>Format version: 1 (uncompressed, read only) or 2.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    /// <summary>The repository's random id, 64 hexadecimal digits.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The chunker's polynomial, hexadecimal.</summary>
    [JsonPropertyName("chunker_polynomial")]
    public required string ChunkerPolynomial { get; init; }
}
