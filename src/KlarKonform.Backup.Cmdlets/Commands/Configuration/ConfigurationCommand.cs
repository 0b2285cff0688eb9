using System.Management.Automation;
using System.Security;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <summary>
/// What New- and Set-KKBackupConfiguration have in common: the parameters, and how secrets among them are stored in the vault.
/// </summary>
public abstract partial class ConfigurationCommand : BackupCmdlet
{
    /// <summary>Parameter set of a folder target.</summary>
    protected const string FolderSet = "Folder";

    /// <summary>Parameter set of an SFTP target.</summary>
    protected const string SftpSet = "Sftp";

    /// <summary>Parameter set of an S3 target.</summary>
    protected const string S3Set = "S3";

    /// <summary>Parameter set of a change that keeps the kind of target: a new credential names no target.</summary>
    protected const string KeepTargetSet = "KeepTarget";

    /// <summary>The repository's password; stored in the vault at once.</summary>
    [Parameter]
    public SecureString? RepositoryPassword { get; set; }

    /// <summary>The repository password's name as vault/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? RepositoryPasswordName { get; set; }

    /// <summary>The vault for secrets given as values.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(VaultNameCompleter))]
    public string? Vault { get; set; }

    /// <summary>The target folder.</summary>
    [Parameter(ParameterSetName = FolderSet)]
    public string? Path { get; set; }

    /// <summary>The SFTP server.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    public string? SftpHost { get; set; }

    /// <summary>The SFTP port.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    [ValidateRange(1, 65535)]
    public int Port { get; set; }

    /// <summary>The folder on the SFTP server.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    public string? SftpPath { get; set; }

    /// <summary>The pinned host key.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    public string? HostKey { get; set; }

    /// <summary>The SFTP account, with a private key.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    public string? UserName { get; set; }

    /// <summary>The private key; stored in the vault at once.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    public SecureString? PrivateKey { get; set; }

    /// <summary>The private key's name as vault/name.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? PrivateKeyName { get; set; }

    /// <summary>The passphrase's name as vault/name.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? PrivateKeyPassphraseName { get; set; }

    /// <summary>The S3 service.</summary>
    [Parameter(ParameterSetName = S3Set)]
    public Uri? Endpoint { get; set; }

    /// <summary>The S3 region.</summary>
    [Parameter(ParameterSetName = S3Set)]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string? Region { get; set; }

    /// <summary>The S3 bucket.</summary>
    [Parameter(ParameterSetName = S3Set)]
    public string? Bucket { get; set; }

    /// <summary>Folder in the bucket.</summary>
    [Parameter(ParameterSetName = S3Set)]
    public string? Prefix { get; set; }

    /// <summary>Whether the bucket goes into the path.</summary>
    [Parameter(ParameterSetName = S3Set)]
    public bool PathStyle { get; set; }

    /// <summary>PEM file with additional root certificates for the S3 service.</summary>
    [Parameter(ParameterSetName = S3Set)]
    public string? TargetCaCertificate { get; set; }

    /// <summary>Storage class of packs.</summary>
    [Parameter(ParameterSetName = S3Set)]
    public string? StorageClass { get; set; }

    /// <summary>Encryption at the server.</summary>
    [Parameter(ParameterSetName = S3Set)]
    [ValidateSet("AES256", "aws:kms")]
    public string? ServerSideEncryption { get; set; }

    /// <summary>KMS key.</summary>
    [Parameter(ParameterSetName = S3Set)]
    public string? KmsKeyId { get; set; }

    /// <summary>Takes the keys from the AWS default chain.</summary>
    [Parameter(ParameterSetName = S3Set)]
    public SwitchParameter UseDefaultCredentials { get; set; }

    /// <summary>Proxy for the S3 service.</summary>
    [Parameter(ParameterSetName = S3Set)]
    public Uri? Proxy { get; set; }

    /// <summary>Trusts the host key that the server shows now.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    public SwitchParameter TrustHostKey { get; set; }

    /// <summary>Size of a pack in MiB; 0 for the target's default.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int PackSizeMiB { get; set; }

    /// <summary>Upload limit in bytes per second.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long UploadLimit { get; set; }

    /// <summary>Download limit in bytes per second.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long DownloadLimit { get; set; }

    /// <summary>Account and password, or access key and secret key; stored in the vault at once.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    [Parameter(ParameterSetName = S3Set)]
    [Parameter(ParameterSetName = KeepTargetSet)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The credential's name as vault/name.</summary>
    [Parameter(ParameterSetName = SftpSet)]
    [Parameter(ParameterSetName = S3Set)]
    [Parameter(ParameterSetName = KeepTargetSet)]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? CredentialName { get; set; }

    /// <summary>The configuration with the given parameters applied, and the secrets that must be stored for it.</summary>
    private protected (BackupConfiguration Configuration, IReadOnlyList<(SecretReference Reference, object Value)> Secrets) Apply(
        BackupConfiguration present
    )
    {
        var secrets = new List<(SecretReference, object)>();
        string? Secret(string purpose, object? value, string? name, string? old)
        {
            if (value is null)
                return name ?? old;

            // A new value is stored where the old one is, or where the others are, unless another vault is named.
            var vault =
                Vault
                ?? ((old ?? present.Repository.Password) is { Length: > 0 } known ? SecretReference.Parse(known).Vault : null)
                ?? throw new BackupException(ErrorIds.VaultRequired, BackupErrorCategory.InvalidArgument, present.Name);
            var reference = new SecretReference(vault, SecretName(present, purpose));
            secrets.Add((reference, value));
            return reference.ToString();
        }

        var configuration = present with
        {
            Tenant = ApplyTenant(present.Tenant, Secret),
            Sources = ApplySources(present.Sources, Secret),
            Repository = present.Repository with
            {
                Password = Secret("RepositoryPassword", RepositoryPassword, RepositoryPasswordName, present.Repository.Password)!,
            },
            Target = ApplyLimits(ApplyTarget(present.Target, Secret)),
            Retention = ApplyRetention(present.Retention),
            Notification = ApplyNotification(present.Notification, Secret),
        };
        return (configuration, secrets);
    }

    // A vault may serve many tenants and machines: tenant and id keep a name from colliding with another one. Azure Key Vault accepts 127
    // letters, digits and hyphens.
    private string SecretName(BackupConfiguration configuration, string purpose)
    {
        static string Plain(string text, int length) =>
            new(text.Take(length).Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-').ToArray());
        return $"KlarKonform-{Plain(TenantId ?? configuration.Tenant.Id, 36)}-{Plain(configuration.Name, 30)}-"
            + $"{configuration.Id.ToString("N")[..8]}-{purpose}";
    }

    /// <summary>Stores the secrets; pipeline thread only.</summary>
    private protected void Store(IEnumerable<(SecretReference Reference, object Value)> secrets)
    {
        var vault = new VaultSecretStore(this);
        foreach (var (reference, value) in secrets)
            vault.Set(reference, value);
    }

    /// <summary>With -TrustHostKey: asks the server for its key and pins it. The admin sees the fingerprint and can compare it.</summary>
    private protected async Task<BackupConfiguration> TrustHostKeyAsync(
        BackupConfiguration configuration,
        CancellationToken cancellationToken
    )
    {
        if (!TrustHostKey || configuration.Target.Host is not { } host)
            return configuration;
        if (HostKey is not null)
            throw new BackupException(ErrorIds.HostKeyTwice, BackupErrorCategory.InvalidArgument, host);
        var shown = await Engine.ReadHostKeyAsync(host, configuration.Target.Port ?? 22, cancellationToken).ConfigureAwait(false);
        Post(() => WriteWarning(Texts.Get("HostKeyTrusted", host, shown)));
        return configuration with { Target = configuration.Target with { HostKey = shown } };
    }

    // 0 removes a limit or a size.
    private TargetSettings ApplyLimits(TargetSettings target) =>
        target with
        {
            PackSizeMiB = Given(nameof(PackSizeMiB))
                ? PackSizeMiB > 0
                    ? PackSizeMiB
                    : null
                : target.PackSizeMiB,
            UploadLimit = Given(nameof(UploadLimit))
                ? UploadLimit > 0
                    ? UploadLimit
                    : null
                : target.UploadLimit,
            DownloadLimit = Given(nameof(DownloadLimit))
                ? DownloadLimit > 0
                    ? DownloadLimit
                    : null
                : target.DownloadLimit,
        };

    private TargetSettings ApplyTarget(TargetSettings present, Func<string, object?, string?, string?, string?> secret)
    {
        string? Credentials(string? old) => secret("Credential", Credential, CredentialName, old);
        switch (ParameterSetName)
        {
            case FolderSet:
                return new TargetSettings { Type = TargetType.Folder, Path = Path is null ? null : FullPath(Path) };
            case SftpSet:
                var sftp = present.Type == TargetType.Sftp ? present : new TargetSettings { Type = TargetType.Sftp };
                return sftp with
                {
                    Host = SftpHost ?? sftp.Host,
                    Port = Given(nameof(Port)) ? Port : sftp.Port,
                    Path = SftpPath ?? sftp.Path,
                    HostKey = HostKey ?? sftp.HostKey,
                    UserName = UserName ?? sftp.UserName,
                    PrivateKey = secret("PrivateKey", PrivateKey, PrivateKeyName, sftp.PrivateKey),
                    PrivateKeyPassphrase = PrivateKeyPassphraseName ?? sftp.PrivateKeyPassphrase,
                    Credential = Credentials(sftp.Credential),
                };
            case S3Set:
                var s3 = present.Type == TargetType.S3 ? present : new TargetSettings { Type = TargetType.S3 };
                return s3 with
                {
                    Endpoint = Endpoint ?? s3.Endpoint,
                    Region = Region ?? s3.Region,
                    Bucket = Bucket ?? s3.Bucket,
                    Prefix = Prefix ?? s3.Prefix,
                    PathStyle = Given(nameof(PathStyle)) ? PathStyle : s3.PathStyle,
                    CaCertificate = TargetCaCertificate is null ? s3.CaCertificate : FullPath(TargetCaCertificate),
                    StorageClass = StorageClass ?? s3.StorageClass,
                    ServerSideEncryption = ServerSideEncryption ?? s3.ServerSideEncryption,
                    KmsKeyId = KmsKeyId ?? s3.KmsKeyId,
                    Proxy = Proxy ?? s3.Proxy,
                    UseDefaultCredentials = Given(nameof(UseDefaultCredentials))
                        ? UseDefaultCredentials
                            ? true
                            : null
                        : Credential is not null || CredentialName is not null
                            ? null
                            : s3.UseDefaultCredentials,

                    // Each replaces the other; both at once are refused.
                    Credential =
                        Given(nameof(UseDefaultCredentials)) && UseDefaultCredentials ? Credentials(null) : Credentials(s3.Credential),
                };
            default:
                var replaced = Credential is not null || CredentialName is not null;
                return present.Type == TargetType.Folder || !replaced
                    ? present
                    : present with
                    {
                        Credential = Credentials(present.Credential),
                        UseDefaultCredentials = null,
                    };
        }
    }

    private bool Given(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);
}
