using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace KlarKonform.Backup.Cmdlets.Completion;

/// <summary>
/// Completes values that begin, or have a word that begins, with the typed text. On any error nothing is offered: completion is no place
/// for errors.
/// </summary>
public abstract class ArgumentCompleterBase : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        var typed = (wordToComplete ?? "").Trim('\'', '"');
        IReadOnlyList<(string Value, string Hint)> values;
        try
        {
            values = Values(typed, fakeBoundParameters);
        }
        catch (Exception exception) when (exception is RuntimeException or BackupException or InvalidOperationException)
        {
            return [];
        }

        return values
            .Where(each =>
                each.Value.StartsWith(typed, StringComparison.OrdinalIgnoreCase)
                || each.Value.Contains("/" + typed, StringComparison.OrdinalIgnoreCase)
            )
            .DistinctBy(each => each.Value)
            .Select(each => new CompletionResult(Quoted(each.Value), each.Value, CompletionResultType.ParameterValue, each.Hint));
    }

    /// <summary>The values to choose from.</summary>
    private protected abstract IReadOnlyList<(string Value, string Hint)> Values(string typed, IDictionary bound);

    /// <summary>The configuration typed earlier in the command, or null.</summary>
    private protected static string? Configuration(IDictionary bound) =>
        (bound["Name"] ?? bound["Configuration"]) switch
        {
            string name => name,
            object[] { Length: > 0 } names => $"{names[0]}",
            _ => null,
        };

    /// <summary>Runs a command in the user's own session: with its vault and its modules.</summary>
    private protected static IReadOnlyList<PSObject> Ask(string script, params object[] arguments)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddScript(script);
        foreach (var argument in arguments)
            shell.AddArgument(argument);
        return shell.Invoke();
    }

    private static readonly System.Buffers.SearchValues<char> s_special = System.Buffers.SearchValues.Create(" '\"()$;,&|{}`");

    private static string Quoted(string value) =>
        !value.AsSpan().ContainsAny(s_special) && !value.StartsWith('@')
            ? value
            : $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
}
