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

    /// <summary>Folder inside the bucket, without slashes at its ends; empty for the bucket itself.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Access key id.</summary>
    public required string AccessKey { get; init; }

    /// <summary>Secret access key.</summary>
    public required string SecretKey { get; init; }

    /// <summary>Whether the bucket goes into the path (most providers) or the host name (AWS).</summary>
    public bool PathStyle { get; init; } = true;

    /// <summary>Makes the HTTP handler, which owns trust, proxy and TLS versions.</summary>
    public required Func<HttpMessageHandler> HandlerFactory { get; init; }
}
