using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>
/// A cmdlet that calls the engine: runs asynchronous work while the pipeline thread serves its output, stops cleanly on Ctrl+C, and turns
/// errors into records with stable ids.
/// </summary>
public abstract class BackupCmdlet : PSCmdlet, IDisposable
{
    // In a runbook's log one line per minute is enough.
    private const long MillisecondsBetweenLines = 60_000;

    private readonly CancellationTokenSource _stop = new();
    private readonly PipelineObserver _observer;
    private PipelineQueue? _queue;
    private bool _isRunbook;
    private long _nextLine;
    private IBackupEngine? _engine;

    private protected BackupCmdlet() => _observer = new PipelineObserver(this);

    private protected IBackupEngine Engine => _engine ??= EngineHost.Create();

    private protected IBackupObserver Observer => _observer;

    private protected ISecretStore Secrets => new VaultSecretStore(this);

    /// <summary>Title of the progress bar.</summary>
    private protected virtual string Activity => MyInvocation.MyCommand.Name;

    /// <summary>Whether -Debug or $DebugPreference requests the line per request.</summary>
    internal bool WantsDebug { get; private set; }

    /// <summary>
    /// Whether someone can be asked: not in a runbook, a job or a remote session, not with -NonInteractive, not if the input is a file.
    /// </summary>
    private protected bool CanAsk =>
        !_isRunbook
        && Host?.UI is not null
        && Host.Name switch
        {
            "ConsoleHost" => Environment.UserInteractive
                && !Console.IsInputRedirected
                && !Environment.GetCommandLineArgs().Any(argument => argument.StartsWith("-noni", StringComparison.OrdinalIgnoreCase)),
            "Default Host" or "ServerRemoteHost" => false,
            _ => true,
        };

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        WantsDebug = MyInvocation.BoundParameters.TryGetValue("Debug", out var given)
            ? (SwitchParameter)given
            : GetVariableValue("DebugPreference") is ActionPreference preference
                && preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);

        // Azure Automation names the job in a variable, and its sandbox in the environment: no one looks at a progress bar there.
        _isRunbook =
            GetVariableValue("PSPrivateMetadata") is System.Collections.IDictionary metadata && metadata.Contains("JobId")
            || Environment
                .GetEnvironmentVariable("AZUREPS_HOST_ENVIRONMENT")
                ?.StartsWith("AzureAutomation", StringComparison.OrdinalIgnoreCase) == true;
    }

    /// <inheritdoc />
    protected override void StopProcessing() => _stop.Cancel();

    /// <inheritdoc />
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the cmdlet's resources.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _stop.Dispose();
        _queue?.Dispose();
    }

    /// <summary>Runs work for one input; its errors do not end the pipeline. Returns false if it failed.</summary>
    private protected bool Run(Func<CancellationToken, Task> work, bool terminating = false)
    {
        ErrorRecord record;
        try
        {
            RunCore(work);
            return true;
        }
        catch (PipelineStoppedException)
        {
            throw;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (BackupException exception)
        {
            record = ErrorRecords.From(exception);
        }
        catch (Exception exception) when (exception is not FlowControlException)
        {
            record = ErrorRecords.Unexpected(exception);
        }

        if (terminating)
            ThrowTerminatingError(record);
        WriteError(record);
        return false;
    }

    /// <summary>
    /// Runs work for several things, some of which may fail: errors are written after the others' output, so that they hide none of it,
    /// even with <c>-ErrorAction Stop</c>.
    /// </summary>
    /// <param name="work">The work; it adds the errors of single things, in order.</param>
    private protected void RunEach(Func<ICollection<BackupException>, CancellationToken, Task> work)
    {
        var errors = new List<BackupException>();
        Run(token => work(errors, token));
        foreach (var error in errors)
            WriteError(ErrorRecords.From(error));
    }

    /// <summary>The configurations that match a pattern; those that cannot be read are errors and hide no other.</summary>
    private protected async Task<IReadOnlyList<BackupConfiguration>> ListAsync(
        string pattern,
        ICollection<BackupException> errors,
        CancellationToken cancellationToken
    )
    {
        var found = await Engine.ListConfigurationsAsync(pattern, cancellationToken).ConfigureAwait(false);
        foreach (var problem in found.Problems)
            errors.Add(problem);
        if (found.Configurations.Count + found.Problems.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(pattern))
            errors.Add(new BackupException(ErrorIds.ConfigurationNotFound, BackupErrorCategory.ObjectNotFound, pattern, pattern));
        return found.Configurations;
    }

    /// <summary>Runs a function on the pipeline thread; called from the engine's threads.</summary>
    internal Task<T> OnPipelineAsync<T>(Func<T> function, CancellationToken cancellationToken) =>
        _queue is { } queue ? queue.InvokeAsync(function, cancellationToken) : Task.FromResult(function());

    /// <summary>Writes on the pipeline thread; called from any thread while work runs.</summary>
    internal void Post(Action action) => _queue?.Post(action);

    internal void Show(BackupProgress progress)
    {
        if (!_isRunbook)
        {
            WriteProgress(ProgressRecords.Of(Activity, progress));
            return;
        }

        if (Environment.TickCount64 < _nextLine)
            return;
        _nextLine = Environment.TickCount64 + MillisecondsBetweenLines;
        WriteVerbose(progress.CurrentOperation is { Length: > 0 } current ? $"{progress.Text} ({current})" : progress.Text);
    }

    /// <summary>Resolves a file system path given by the user against the current location.</summary>
    private protected string FullPath(string path) => SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);

    private void RunCore(Func<CancellationToken, Task> work)
    {
        using var termination = new TerminationSignal(_stop.Cancel);
        using var queue = new PipelineQueue();
        _queue = queue;
        try
        {
            var task = Task.Run(() => work(_stop.Token));
            try
            {
                queue.DrainUntil(task);
            }
            catch
            {
                // The pipeline ended during the work (Ctrl+C, Select-Object -First): let the engine write its checkpoint and release its
                // lock.
                _stop.Cancel();
                ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
                throw;
            }

            task.GetAwaiter().GetResult();
        }
        finally
        {
            _queue = null;
        }
    }
}
