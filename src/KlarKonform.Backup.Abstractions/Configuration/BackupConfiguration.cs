namespace KlarKonform.Backup;

/// <summary>What to back up, from which tenant, to which repository. One JSON file.</summary>
/// <remarks>No JSON type appears here: the engine brings its own System.Text.Json, which is another than the shell's.</remarks>
public sealed record BackupConfiguration
{
    /// <summary>Version of the file's form.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Id that snapshots carry as tag <c>config:</c>; never changes.</summary>
    public Guid Id { get; init; }

    /// <summary>The configuration's name.</summary>
    public required string Name { get; init; }

    /// <summary>The Microsoft 365 tenant.</summary>
    public required TenantSettings Tenant { get; init; }

    /// <summary>What is backed up: a section that is there is on.</summary>
    public required SourceSettings Sources { get; init; }

    /// <summary>Where the repository lies.</summary>
    public required TargetSettings Target { get; init; }

    /// <summary>The repository's password.</summary>
    public required RepositorySettings Repository { get; init; }
}

/// <summary>The tenant and how to sign in.</summary>
public sealed record TenantSettings
{
    /// <summary>Tenant id or domain.</summary>
    public required string Id { get; init; }

    /// <summary>Global, UsGov, UsGovDod, China or Custom.</summary>
    public BackupCloud Cloud { get; init; }

    /// <summary>For Custom: the sign-in service.</summary>
    public Uri? AuthorityHost { get; init; }

    /// <summary>For Custom: Graph with its version.</summary>
    public Uri? GraphEndpoint { get; init; }

    /// <summary>The app registration's client id.</summary>
    public required string ClientId { get; init; }

    /// <summary>How the app proves itself.</summary>
    public required AuthenticationSettings Auth { get; init; }

    /// <summary>A PEM file with further trusted roots, or null.</summary>
    public string? CaCertificate { get; init; }
}

/// <summary>How the app signs in.</summary>
public sealed record AuthenticationSettings
{
    /// <summary>ClientSecret; further methods follow.</summary>
    public AuthenticationMethod Method { get; init; }

    /// <summary>The secret as <c>vault/name</c>.</summary>
    public string? Secret { get; init; }
}

/// <summary>Ways to sign in.</summary>
public enum AuthenticationMethod
{
    /// <summary>A client secret from a vault.</summary>
    ClientSecret,
}

/// <summary>Microsoft's clouds.</summary>
public enum BackupCloud
{
    /// <summary>The worldwide cloud.</summary>
    Global,

    /// <summary>US Government L4.</summary>
    UsGov,

    /// <summary>US Government L5 (DoD).</summary>
    UsGovDod,

    /// <summary>China, operated by 21Vianet.</summary>
    China,

    /// <summary>Hosts named in the configuration.</summary>
    Custom,
}

/// <summary>What is backed up.</summary>
public sealed record SourceSettings
{
    /// <summary>Mail of every user, or null.</summary>
    public SourceSelection? Mail { get; init; }

    /// <summary>OneDrive of every user, or null.</summary>
    public SourceSelection? OneDrive { get; init; }
}

/// <summary>Which users' data.</summary>
public sealed record SourceSelection
{
    /// <summary>User name patterns to take; none means all.</summary>
    public IReadOnlyList<string>? Include { get; init; }

    /// <summary>User name patterns to leave out.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }
}

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

/// <summary>Kinds of storage.</summary>
public enum TargetType
{
    /// <summary>A folder.</summary>
    Folder,

    /// <summary>An SFTP server.</summary>
    Sftp,

    /// <summary>An S3-compatible service.</summary>
    S3,
}

/// <summary>The repository itself.</summary>
public sealed record RepositorySettings
{
    /// <summary>The password as <c>vault/name</c>.</summary>
    public required string Password { get; init; }
}
