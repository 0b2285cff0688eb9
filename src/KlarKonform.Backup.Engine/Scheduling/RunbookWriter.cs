using System.Text;
using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.Scheduling;

/// <summary>
/// A runbook for Azure Automation: it contains the configuration, with the names of its secrets and never their values; nothing is kept on
/// a disk between runs. It uses only what PowerShell itself provides.
/// </summary>
internal static class RunbookWriter
{
    private const string Terminator = "'@";

    /// <summary>Writes the script's text.</summary>
    /// <exception cref="BackupException">RunbookFolderTarget: a sandbox has no persistent disk.</exception>
    public static async Task<string> WriteAsync(
        BackupConfiguration configuration,
        ConfigurationStore store,
        CancellationToken cancellationToken
    )
    {
        if (configuration.Target.Type == TargetType.Folder)
            throw new BackupException(
                ErrorIds.RunbookFolderTarget,
                BackupErrorCategory.InvalidArgument,
                configuration.Name,
                configuration.Name
            );
        var json = await store.ReadTextAsync(configuration.Name, cancellationToken);
        var vaults = configuration
            .SecretNames()
            .Select(name => SecretReference.Parse(name).Vault)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToArray();
        var text = new StringBuilder();
        text.Append("#requires -Version 7.4\n# ")
            .Append(Texts.Get("RunbookTitle", configuration.Name))
            .Append("\n#\n# ")
            .Append(Texts.Get("RunbookModules"))
            .Append("\n#   KlarKonform.Backup\n#   Microsoft.PowerShell.SecretManagement\n#   Az.Accounts\n#   Az.KeyVault\n# ")
            .Append(Texts.Get("RunbookIdentity"))
            .Append("\nparam(\n");
        text.Append("    [string] $KeyVaultName = '")
            .Append(Texts.Get("RunbookVaultPlaceholder"))
            .Append(
                "',\n    [string] $SubscriptionId = '',\n    [int] $ShardCount = 1,\n    [int] $ShardIndex = -1\n)\n\n"
                    + "$ErrorActionPreference = 'Stop'\n"
            );
        text.Append(
            "$homeFolder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'klarkonform-' + "
                + "[guid]::NewGuid().ToString('N'))\n$env:KLARKONFORM_BACKUP_HOME = $homeFolder\n\ntry {\n"
        );
        text.Append(
            "    Import-Module Microsoft.PowerShell.SecretManagement -ErrorAction SilentlyContinue\n"
                + "    Import-Module KlarKonform.Backup -ErrorAction SilentlyContinue\n"
        );
        foreach (var vault in vaults)
        {
            text.Append("    if (-not (Get-SecretVault -Name ")
                .Append(Quote(vault))
                .Append(
                    " -ErrorAction SilentlyContinue)) {\n        if ($env:AZURE_FEDERATED_TOKEN_FILE) {\n"
                        + "            $token = [System.IO.File]::ReadAllText($env:AZURE_FEDERATED_TOKEN_FILE)\n"
                        + "            Connect-AzAccount -ServicePrincipal -ApplicationId $env:AZURE_CLIENT_ID -Tenant "
                        + "$env:AZURE_TENANT_ID -FederatedToken $token | Out-Null\n        }\n        else {\n"
                        + "            Connect-AzAccount -Identity | Out-Null\n        }\n        Register-SecretVault -Name "
                )
                .Append(Quote(vault))
                .Append(
                    " -ModuleName Az.KeyVault -VaultParameters @{ AZKVaultName = $KeyVaultName; SubscriptionId = $SubscriptionId }\n    }\n"
                );
        }

        text.Append(
                "\n    $configurations = [System.IO.Path]::Combine($homeFolder, 'configurations')\n"
                    + "    [void] [System.IO.Directory]::CreateDirectory($configurations)\n    $configuration = @'\n"
            )
            .Append(Escape(json.Trim()))
            .Append('\n')
            .Append(Terminator);
        text.Append("\n    [System.IO.File]::WriteAllText([System.IO.Path]::Combine($configurations, ")
            .Append(Quote(configuration.Name + ".json"))
            .Append("), $configuration)\n\n");
        text.Append(
            "    $shard = @{}\n    if ($ShardCount -gt 1) { $shard['ShardCount'] = $ShardCount }\n"
                + "    if ($ShardIndex -ge 0) { $shard['ShardIndex'] = $ShardIndex }\n"
        );
        text.Append("    $run = Start-KKBackup -Name ")
            .Append(Quote(configuration.Name))
            .Append(" @shard -ErrorAction Continue\n    $run\n    if ($null -eq $run -or \"$($run.Status)\" -eq 'Failed') { throw ")
            .Append(Quote(Texts.Get("RunbookFailed", configuration.Name)))
            .Append(" }\n");
        text.Append(
            "}\nfinally {\n    if ([System.IO.Directory]::Exists($homeFolder)) { [System.IO.Directory]::Delete($homeFolder, $true) }\n}\n"
        );
        return text.ToString();
    }

    // A line that begins with the end of the here-string would end it; valid JSON never needs one there.
    private static string Escape(string json) => json.Replace("\n" + Terminator, "\n " + Terminator, StringComparison.Ordinal);

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
