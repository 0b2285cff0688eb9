using System.Collections;

namespace KlarKonform.Backup.Cmdlets.Completion;

/// <summary>Completes names of registered vaults.</summary>
public sealed class VaultNameCompleter : ArgumentCompleterBase
{
    private protected override IReadOnlyList<(string Value, string Hint)> Values(string typed, IDictionary bound) =>
        [.. Ask("(Get-SecretVault).Name").Select(each => ($"{each}", $"{each}"))];
}
