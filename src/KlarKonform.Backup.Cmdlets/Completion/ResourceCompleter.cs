using System.Collections;

namespace KlarKonform.Backup.Cmdlets.Completion;

/// <summary>Completes mailboxes, drives and sites that the last run of the configuration covered.</summary>
public sealed class ResourceCompleter : ArgumentCompleterBase
{
    private protected override IReadOnlyList<(string Value, string Hint)> Values(string typed, IDictionary bound) =>
        [
            .. Ask("param($name) Get-KKBackupStatus $name -Detailed -ErrorAction SilentlyContinue", Configuration(bound) ?? "*")
                .Select(each => (ResourceResult)each.BaseObject)
                .GroupBy(resource => resource.Name)
                .OrderBy(group => group.Key, StringComparer.OrdinalIgnoreCase)
                .Select(group => (group.Key, string.Join(", ", group.Select(resource => resource.Kind)))),
        ];
}
