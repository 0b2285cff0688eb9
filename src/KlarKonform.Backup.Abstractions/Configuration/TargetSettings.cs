namespace KlarKonform.Backup;

/// <summary>The repository's place.</summary>
public sealed record TargetSettings
{
    /// <summary>Folder, Sftp or S3.</summary>
    public TargetType Type { get; init; }

    /// <summary>Folder and Sftp: the folder.</summary>
    public string? Path { get; init; }

    /// <summary>Sftp: the server.</summary>
    public string? Host { get; init; }

    /// <summary>Sftp: the port, 22 when absent.</summary>
    public int? Port { get; init; }

    /// <summary>Sftp: the account, when the credential is a key.</summary>
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

    /// <summary>S3: whether the bucket's name goes into the path; true when absent and an endpoint is named.</summary>
    public bool? PathStyle { get; init; }

    /// <summary>S3: a PEM file with further trusted roots.</summary>
    public string? CaCertificate { get; init; }

    /// <summary>User name and password, or access key and secret key, as <c>vault/name</c>.</summary>
    public string? Credential { get; init; }
}
