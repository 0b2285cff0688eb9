using System.Collections;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Completion;

/// <summary>Completes names of configurations.</summary>
public sealed class ConfigurationNameCompleter : ArgumentCompleterBase
{
    // On a pool thread, like every call into the engine: a host with a window waits on its own thread, to which the engine must not have
    // to return.
    private protected override IReadOnlyList<(string Value, string Hint)> Values(string typed, IDictionary bound) =>
        [
            .. Task.Run(() => EngineHost.Create().ListConfigurationsAsync(typed + "*", CancellationToken.None))
                .GetAwaiter()
                .GetResult()
                .Configurations.Select(each => (each.Name, each.Tenant.Id)),
        ];
}
