namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>Secrets that were read before: a job has no pipeline on which a vault could be read. Thread-safe.</summary>
internal sealed class HeldSecretStore(IReadOnlyDictionary<string, SecretValue> secrets) : ISecretStore
{
    public Task<SecretValue> GetAsync(SecretReference reference, CancellationToken cancellationToken) =>
        secrets.TryGetValue(reference.ToString(), out var value)
            ? Task.FromResult(value)
            : Task.FromException<SecretValue>(
                new BackupException(
                    ErrorIds.SecretNotFound,
                    BackupErrorCategory.ObjectNotFound,
                    reference.ToString(),
                    reference.Vault,
                    reference.Name
                )
            );
}
