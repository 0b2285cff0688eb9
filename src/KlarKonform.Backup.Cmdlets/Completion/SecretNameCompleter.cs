using System.Collections;

namespace KlarKonform.Backup.Cmdlets.Completion;

/// <summary>Completes names of secrets as vault/name, as far as the vaults list them.</summary>
public sealed class SecretNameCompleter : ArgumentCompleterBase
{
    private protected override IReadOnlyList<(string Value, string Hint)> Values(string typed, IDictionary bound) =>
        [
            .. Ask(
                    "foreach ($vault in Get-SecretVault) { \"$($vault.Name)/\"; foreach ($secret in Get-SecretInfo -Vault "
                        + "$vault.Name -ErrorAction SilentlyContinue) { \"$($vault.Name)/$($secret.Name)\" } }"
                )
                .Select(each => ($"{each}", $"{each}")),
        ];
}
