using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Errors;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Checks everything that a run needs. It changes nothing except for a probe object, which it deletes again.</summary>
internal sealed class ConnectionTester(IEnumerable<IConnectionCheck> checks)
{
    /// <summary>Makes the checks one after another. Those that need a failed one are left out.</summary>
    public async IAsyncEnumerable<ConnectionCheck> RunAsync(
        CheckContext context,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var unusable = new HashSet<Type>();
        foreach (var check in checks)
        {
            if (check.Needs.Any(unusable.Contains))
                unusable.Add(check.GetType());
            else if (await RunAsync(check, context, cancellationToken) is { } result)
            {
                if (result.Result == CheckResult.Failed)
                    unusable.Add(check.GetType());
                yield return result;
            }
        }
    }

    private static async Task<ConnectionCheck?> RunAsync(IConnectionCheck check, CheckContext context, CancellationToken cancellationToken)
    {
        var name = context.Configuration.Name;
        try
        {
            return await check.RunAsync(context, cancellationToken) is { } outcome
                ? new ConnectionCheck(name, check.Title, outcome.Result, outcome.Detail, outcome.Hint)
                : null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var error = ErrorTranslator.Translate(exception, context.Configuration);
            var id = (error as BackupException)?.ErrorId ?? error.GetType().Name;
            return new ConnectionCheck(name, check.Title, CheckResult.Failed, id, error.Message);
        }
    }
}
