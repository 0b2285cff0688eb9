using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;

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

    /// <summary>Opens the stored file.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>, also if the key belongs to another repository;
    /// <see cref="RepositoryErrorKind.UnsupportedVersion"/>.</exception>
    internal static RepositoryConfig Read(byte[] stored, CryptoKey key)
    {
        try
        {
            var plain = new byte[stored.Length];
            var length = key.Open(stored, plain);
            var config =
                JsonSerializer.Deserialize<RepositoryConfig>(plain.AsSpan(0, length))
                ?? throw new RepositoryException(RepositoryErrorKind.Damaged, "The repository's config is empty.");
            return config.Version is 1 or 2
                ? config
                : throw new RepositoryException(
                    RepositoryErrorKind.UnsupportedVersion,
                    $"The repository has format version {config.Version}."
                );
        }
        catch (JsonException exception)
        {
            throw new RepositoryException(RepositoryErrorKind.Damaged, "The repository's config is damaged.", exception);
        }
    }
}
