namespace KlarKonform.Backup;

/// <summary>Access to SecretManagement vaults. Thread-safe.</summary>
public interface ISecretStore
{
    /// <summary>Reads a secret.</summary>
    /// <exception cref="BackupException">SecretManagementMissing, VaultNotFound, SecretNotFound or SecretUnreadable.</exception>
    Task<SecretValue> GetAsync(SecretReference reference, CancellationToken cancellationToken);
}
