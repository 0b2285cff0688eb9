using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>
/// A cmdlet that asks the engine: runs asynchronous work while the pipeline thread serves its output, stops cleanly on Ctrl+C, and
/// turns errors into records with stable ids.
/// </summary>
public abstract class BackupCmdlet : PSCmdlet, IDisposable
{
    // One ActivityId for the whole, and one a resource below it.
    private const int RootActivity = 4711;

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, int> _activities = new(StringComparer.Ordinal);
    private readonly PipelineObserver _observer;
    private PipelineQueue? _queue;
    private IBackupEngine? _engine;

    private protected BackupCmdlet() => _observer = new PipelineObserver(this);

    private protected IBackupEngine Engine => _engine ??= EngineHost.Create();

    private protected IBackupObserver Observer => _observer;

    private protected ISecretStore Secrets => new VaultSecretStore(this);

    /// <summary>Title of the progress bar.</summary>
    private protected virtual string Activity => MyInvocation.MyCommand.Name;

    /// <summary>Whether -Debug or $DebugPreference ask for a line a request.</summary>
    internal bool WantsDebug { get; private set; }

    /// <inheritdoc />
    protected override void BeginProcessing() => WantsDebug = MyInvocation.BoundParameters.TryGetValue("Debug", out var given)
        ? (SwitchParameter)given
        : GetVariableValue("DebugPreference") is ActionPreference preference && preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);

    /// <inheritdoc />
    protected override void StopProcessing() => _stop.Cancel();

    /// <inheritdoc />
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the cmdlet holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _stop.Dispose();
        _queue?.Dispose();
    }

    /// <summary>Runs work for one input; its errors do not end the pipeline. Returns false when it failed.</summary>
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

    /// <summary>Runs a function on the pipeline thread; called from the engine's threads.</summary>
    internal Task<T> OnPipelineAsync<T>(Func<T> function, CancellationToken cancellationToken) =>
        _queue is { } queue ? queue.InvokeAsync(function, cancellationToken) : Task.FromResult(function());

    /// <summary>Writes on the pipeline thread; called from any thread while work runs.</summary>
    internal void Post(Action action) => _queue?.Post(action);

    internal void Show(BackupProgress progress)
    {
        var id = RootActivity;
        if (progress.Resource is { } resource && !_activities.TryGetValue(resource, out id))
            _activities.Add(resource, id = RootActivity + 1 + _activities.Count);
        WriteProgress(new ProgressRecord(id, progress.Resource ?? Activity, progress.Text.Length > 0 ? progress.Text : " ")
        {
            PercentComplete = progress.Percent,
            ParentActivityId = progress.Resource is null ? -1 : RootActivity,
            RecordType = progress.Completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        });
    }

    /// <summary>Resolves a file system path of the user's against the current location.</summary>
    private protected string FullPath(string path) => SessionState.Path.GetUnresolvedProviderPathFromPSPath(path);

    private void RunCore(Func<CancellationToken, Task> work)
    {
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
                // The pipeline ended under us (Ctrl+C, Select-Object -First): let the engine write its checkpoint and release its lock.
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
