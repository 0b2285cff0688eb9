using KlarKonform.Backup.Http;
using KlarKonform.Backup.Storage;
using KlarKonform.Backup.Storage.Folder;
using KlarKonform.Backup.Storage.Limiting;
using KlarKonform.Backup.Storage.S3;
using KlarKonform.Backup.Storage.Sftp;
using KlarKonform.Backup.Storage.Watching;

namespace KlarKonform.Backup.Engine.Connections;

/// <summary>Opens the store of a configuration, with its secrets from the vault.</summary>
/// <param name="secrets">The vault.</param>
/// <param name="time">Clock and pauses.</param>
/// <param name="random">Jitter.</param>
/// <param name="moved">Called when the store has transferred something other than a lock, or null.</param>
internal sealed class TargetFactory(ISecretStore secrets, TimeProvider time, Random random, Action? moved = null)
{
    /// <summary>Opens the store, which retries transient failures.</summary>
    public async Task<IObjectStore> OpenAsync(TargetSettings target, CancellationToken cancellationToken) =>
        Limit(new RetryingObjectStore(Watch(await CreateAsync(target, cancellationToken)), time, random), target);

    // A run renews its lock as long as its process lives: that says nothing about its progress.
    private IObjectStore Watch(IObjectStore store) =>
        moved is null ? store : new WatchedObjectStore(store, key => !key.StartsWith("locks/", StringComparison.Ordinal), moved);

    private IObjectStore Limit(IObjectStore store, TargetSettings target)
    {
        RateLimit? Rate(long? bytes) => bytes is { } rate ? new RateLimit(rate, time) : null;
        return target.UploadLimit is null && target.DownloadLimit is null
            ? store
            : new LimitingObjectStore(store, Rate(target.UploadLimit), Rate(target.DownloadLimit));
    }

    private async Task<IObjectStore> CreateAsync(TargetSettings target, CancellationToken cancellationToken)
    {
        switch (target.Type)
        {
            case TargetType.Folder:
                return new FolderObjectStore(target.Path!);
            case TargetType.Sftp:
                var account = target.Credential is { } credential ? await CredentialAsync(credential, cancellationToken) : null;
                return new SftpObjectStore(
                    new SftpStoreOptions
                    {
                        Host = target.Host!,
                        Port = target.Port ?? 22,
                        UserName = account?.UserName ?? target.UserName!,
                        Path = target.Path!,
                        Password = account?.Secret,
                        PrivateKey = await SecretAsync(target.PrivateKey, cancellationToken),
                        PrivateKeyPassphrase = await SecretAsync(target.PrivateKeyPassphrase, cancellationToken),
                        HostKeyFingerprint = target.HostKey!,
                    }
                );
            default:
                var keys = target.UseDefaultCredentials == true ? null : await CredentialAsync(target.Credential!, cancellationToken);
                return new S3ObjectStore(
                    new S3StoreOptions
                    {
                        Endpoint = target.Endpoint,
                        Region = target.Region ?? "us-east-1",
                        Bucket = target.Bucket!,
                        Prefix = target.Prefix ?? "",
                        PathStyle = target.PathStyle ?? target.Endpoint is not null,
                        Credentials = keys is null ? null : new S3Credentials(keys.UserName!, keys.Secret),
                        StorageClass = target.StorageClass,
                        ServerSideEncryption = target.ServerSideEncryption,
                        KmsKeyId = target.KmsKeyId,
                        HandlerFactory = () => TrustedHandlers.Create(target.CaCertificate, target.Proxy, LineLimits.Storage, time),
                    }
                );
        }
    }

    private async Task<SecretValue> CredentialAsync(string reference, CancellationToken cancellationToken)
    {
        var value = await secrets.GetAsync(SecretReference.Parse(reference), cancellationToken);
        return value.UserName is not null
            ? value
            : throw new BackupException(
                ErrorIds.SecretWrongType,
                BackupErrorCategory.InvalidData,
                reference,
                reference,
                "PSCredential",
                "SecureString"
            );
    }

    private async Task<string?> SecretAsync(string? reference, CancellationToken cancellationToken) =>
        reference is null ? null : (await secrets.GetAsync(SecretReference.Parse(reference), cancellationToken)).Secret;
}
