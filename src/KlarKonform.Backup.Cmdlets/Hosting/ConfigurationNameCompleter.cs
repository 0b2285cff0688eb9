using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>Completes names of configurations.</summary>
public sealed class ConfigurationNameCompleter : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        IReadOnlyList<BackupConfiguration> found;
        try
        {
            found = EngineHost.Create().GetConfigurationsAsync(wordToComplete.Trim('\'', '"') + "*", CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (BackupException)
        {
            return []; // Completion is no place for errors; the cmdlet itself reports the broken file.
        }

        return found.Select(each => each.Name.Contains(' ', StringComparison.Ordinal)
            ? new CompletionResult($"'{each.Name}'", each.Name, CompletionResultType.ParameterValue, each.Name)
            : new CompletionResult(each.Name));
    }
}
