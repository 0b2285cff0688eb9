using System.Collections;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Completion;

/// <summary>Completes names of configurations.</summary>
public sealed class ConfigurationNameCompleter : ArgumentCompleterBase
{
    private protected override IReadOnlyList<(string Value, string Hint)> Values(string typed, IDictionary bound) =>
        [.. EngineHost.Create().ListConfigurationsAsync(typed + "*", CancellationToken.None).GetAwaiter().GetResult().Configurations.Select(each => (each.Name, each.Tenant.Id))];
}
