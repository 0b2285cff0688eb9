using System.Management.Automation;
using System.Net;
using System.Security;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>Reads and writes secrets through Microsoft.PowerShell.SecretManagement's own cmdlets, on the pipeline thread.</summary>
internal sealed class VaultSecretStore(BackupCmdlet cmdlet) : ISecretStore
{
    public Task<SecretValue> GetAsync(SecretReference reference, CancellationToken cancellationToken) =>
        cmdlet.OnPipelineAsync(() => Get(reference), cancellationToken);

    /// <summary>Stores a SecureString or PSCredential. Pipeline thread only.</summary>
    public void Set(SecretReference reference, object secret)
    {
        RequireVault(reference);
        try
        {
            Invoke("Set-Secret -Vault $args[0] -Name $args[1] -Secret $args[2] -ErrorAction Stop", reference.Vault, reference.Name, secret);
        }
        catch (RuntimeException exception) when (exception is not PipelineStoppedException)
        {
            throw new BackupException(
                ErrorIds.SecretNotStored,
                BackupErrorCategory.NotSpecified,
                reference.ToString(),
                reference,
                Reason(exception)
            );
        }
    }

    private SecretValue Get(SecretReference reference)
    {
        RequireVault(reference);
        object? value;
        try
        {
            value = Invoke("Get-Secret -Vault $args[0] -Name $args[1] -ErrorAction Stop", reference.Vault, reference.Name)
                is [var first, ..]
                ? first.BaseObject
                : null;
        }
        catch (RuntimeException exception) when (exception is not PipelineStoppedException)
        {
            // SecretManagement's error id says which of the two it is.
            if (exception.ErrorRecord?.FullyQualifiedErrorId.Contains("NotFound", StringComparison.OrdinalIgnoreCase) == true)
                throw NotFound(reference);
            throw new BackupException(
                ErrorIds.SecretUnreadable,
                BackupErrorCategory.PermissionDenied,
                reference.ToString(),
                reference,
                Reason(exception)
            );
        }

        return value switch
        {
            null => throw NotFound(reference),
            PSCredential credential => new SecretValue(credential.UserName, credential.GetNetworkCredential().Password),
            SecureString secure => new SecretValue(null, new NetworkCredential("", secure).Password),
            string text => new SecretValue(null, text),
            byte[] bytes => new SecretValue(null, Convert.ToBase64String(bytes)), // A PFX file as it is.
            _ => throw new BackupException(
                ErrorIds.SecretWrongType,
                BackupErrorCategory.InvalidData,
                reference.ToString(),
                reference,
                "SecureString, PSCredential",
                value.GetType().Name
            ),
        };
    }

    // The exception of -ErrorAction Stop first describes itself; the vault's own message is in the record.
    private static string Reason(RuntimeException exception) =>
        exception is ActionPreferenceStopException { ErrorRecord.Exception: { } cause } ? cause.Message : exception.Message;

    private void RequireVault(SecretReference reference)
    {
        if (cmdlet.InvokeCommand.GetCommand("Get-Secret", CommandTypes.Cmdlet | CommandTypes.Function) is null)
            throw new BackupException(ErrorIds.SecretManagementMissing, BackupErrorCategory.NotInstalled, reference.ToString(), reference);
        var vaults = Invoke("Get-SecretVault -ErrorAction Stop").Select(vault => vault.Properties["Name"]?.Value as string);
        if (!vaults.Contains(reference.Vault, StringComparer.OrdinalIgnoreCase))
            throw new BackupException(ErrorIds.VaultNotFound, BackupErrorCategory.ObjectNotFound, reference.Vault, reference.Vault);
    }

    private System.Collections.ObjectModel.Collection<PSObject> Invoke(string script, params object[] arguments) =>
        cmdlet.InvokeCommand.InvokeScript(script, arguments);

    private static BackupException NotFound(SecretReference reference) =>
        new(ErrorIds.SecretNotFound, BackupErrorCategory.ObjectNotFound, reference.ToString(), reference.Vault, reference.Name);
}
