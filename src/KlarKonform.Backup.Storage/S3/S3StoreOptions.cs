namespace KlarKonform.Backup.Storage.S3;

/// <summary>How to reach a bucket.</summary>
public sealed record S3StoreOptions
{
    /// <summary>The service's URL, or null for AWS itself.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The region, for AWS and for the signature.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>The bucket; it must exist.</summary>
    public required string Bucket { get; init; }

    /// <summary>Folder inside the bucket, without leading and trailing slashes; empty for the bucket itself.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The access key id and the secret access key, or null for the AWS default chain: environment, profile, web identity,
    /// container or instance role, in the SDK's order.</summary>
    public S3Credentials? Credentials { get; init; }

    /// <summary>Whether the bucket goes into the path (most providers) or the host name (AWS).</summary>
    public bool PathStyle { get; init; } = true;

    /// <summary>
    /// Creates the HTTP handler, which decides trust, proxy, TLS versions and how long to wait on a silent line: the store itself has no
    /// limit, because the duration of an upload depends on the line.
    /// </summary>
    public required Func<HttpMessageHandler> HandlerFactory { get; init; }

    /// <summary>
    /// The storage class of packs, for example <c>STANDARD_IA</c>, or null for the bucket's default. Everything else is small, read by
    /// every run and kept in the bucket's default class.
    /// </summary>
    public string? StorageClass { get; init; }

    /// <summary>
    /// Encryption at the server: <c>AES256</c>, <c>aws:kms</c> or null for the bucket's default. The repository is encrypted in any case.
    /// </summary>
    public string? ServerSideEncryption { get; init; }

    /// <summary>The KMS key's id or ARN with <c>aws:kms</c>, or null for the account's default key.</summary>
    public string? KmsKeyId { get; init; }

    /// <summary>Keys per page of a listing, or null for the server's default: a thousand.</summary>
    public int? PageSize { get; init; }

    /// <summary>
    /// Larger objects are uploaded in parts of this size, in bytes. AWS requires at least 5 MiB per part and allows at most 5 GiB per
    /// upload.
    /// </summary>
    public int PartSize { get; init; } = 64 * 1024 * 1024;
}
