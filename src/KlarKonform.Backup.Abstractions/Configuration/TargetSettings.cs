namespace KlarKonform.Backup;

/// <summary>The place of the repository.</summary>
public sealed record TargetSettings
{
    /// <summary>Folder, Sftp or S3.</summary>
    public TargetType Type { get; init; }

    /// <summary>Folder and Sftp: the folder.</summary>
    public string? Path { get; init; }

    /// <summary>Sftp: the server.</summary>
    public string? Host { get; init; }

    /// <summary>Sftp: the port, 22 if absent.</summary>
    public int? Port { get; init; }

    /// <summary>Sftp: the account, if the credential is a key.</summary>
    public string? UserName { get; init; }

    /// <summary>Sftp: the pinned host key, <c>SHA256:…</c>.</summary>
    public string? HostKey { get; init; }

    /// <summary>Sftp: a private key as <c>vault/name</c>.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>Sftp: the private key's passphrase as <c>vault/name</c>.</summary>
    public string? PrivateKeyPassphrase { get; init; }

    /// <summary>S3: the service's address; absent for AWS.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>S3: the region.</summary>
    public string? Region { get; init; }

    /// <summary>S3: the bucket.</summary>
    public string? Bucket { get; init; }

    /// <summary>S3: folder in the bucket.</summary>
    public string? Prefix { get; init; }

    /// <summary>S3: whether the bucket's name goes into the path; true if absent and an endpoint is named.</summary>
    public bool? PathStyle { get; init; }

    /// <summary>S3: a PEM file with additional trusted root certificates.</summary>
    public string? CaCertificate { get; init; }

    /// <summary>S3: the storage class of packs, for example <c>STANDARD_IA</c>; absent for the bucket's default.</summary>
    public string? StorageClass { get; init; }

    /// <summary>S3: encryption at the server, <c>AES256</c> or <c>aws:kms</c>; absent for the bucket's default.</summary>
    public string? ServerSideEncryption { get; init; }

    /// <summary>S3: the KMS key with <c>aws:kms</c>; absent for the account's default key.</summary>
    public string? KmsKeyId { get; init; }

    /// <summary>
    /// S3: whether the keys come from the AWS default chain (environment, profile, instance role) instead of a credential.
    /// </summary>
    public bool? UseDefaultCredentials { get; init; }

    /// <summary>S3: the proxy; absent for the system's proxy.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Size in MiB at which a pack is closed, 4 to 128; absent for the target's default.</summary>
    public int? PackSizeMiB { get; init; }

    /// <summary>Upload limit in bytes per second; absent for none.</summary>
    public long? UploadLimit { get; init; }

    /// <summary>Download limit in bytes per second; absent for none.</summary>
    public long? DownloadLimit { get; init; }

    /// <summary>User name and password, or access key and secret key, as <c>vault/name</c>.</summary>
    public string? Credential { get; init; }
}
