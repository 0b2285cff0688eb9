using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>
/// A backup as a background job of this process: Get-Job, Receive-Job, Wait-Job, Stop-Job and Remove-Job work on it. Stopping it saves a
/// checkpoint. If the process ends, so does the run, as if it had been killed.
/// </summary>
internal sealed class BackupJob : Job, IBackupObserver
{
    // A job that is never received must not fill memory: keep only the latest progress.
    private const int MaxProgress = 50;

    // The engine promises ten seconds.
    private static readonly TimeSpan s_stopWait = TimeSpan.FromSeconds(15);

    private readonly IBackupEngine _engine;
    private readonly string _configuration;
    private readonly BackupOptions _options;
    private readonly ISecretStore _secrets;
    private readonly string _activity;
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private volatile string _status = "";

    public BackupJob(
        IBackupEngine engine,
        string configuration,
        BackupOptions options,
        ISecretStore secrets,
        string activity,
        string command
    )
        : base(command, $"KKBackup {configuration}")
    {
        _engine = engine;
        _configuration = configuration;
        _options = options;
        _secrets = secrets;
        _activity = activity;
        PSJobTypeName = "KKBackupJob";
    }

    /// <inheritdoc />
    public override string StatusMessage => _status;

    /// <inheritdoc />
    public override bool HasMoreData => Output.Count > 0 || Error.Count > 0 || Warning.Count > 0 || Verbose.Count > 0 || Progress.Count > 0;

    /// <inheritdoc />
    public override string Location => Environment.MachineName;

    bool IBackupObserver.WantsDebug => false;

    /// <summary>Starts the run; returns at once.</summary>
    public void Begin()
    {
        SetJobState(JobState.Running);
        _running = Task.Run(RunAsync);
    }

    /// <inheritdoc />
    public override void StopJob()
    {
        SetJobState(JobState.Stopping);
        _stop.Cancel();
        _running.Wait(s_stopWait);
    }

    void IBackupObserver.Progress(BackupProgress progress)
    {
        if (progress.Resource is not null)
            return;
        _status = progress.Text;
        if (Progress.Count >= MaxProgress)
            Progress.ReadAll();
        Add(Progress, ProgressRecords.Of(_activity, progress));
    }

    void IBackupObserver.Verbose(string text) => Add(Verbose, new VerboseRecord(text));

    void IBackupObserver.Debug(string text)
    {
        // Not requested: see WantsDebug.
    }

    void IBackupObserver.Warning(string text) => Add(Warning, new WarningRecord(text));

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Cancel();
            _running.Wait(s_stopWait);
            _stop.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task RunAsync()
    {
        var state = JobState.Completed;
        try
        {
            using var termination = new TerminationSignal(_stop.Cancel);
            var run = await _engine.StartBackupAsync(_configuration, _options, _secrets, this, _stop.Token).ConfigureAwait(false);
            Add(Output, PSObject.AsPSObject(run));
            foreach (var text in run.Notes.Concat(RunReport.WarningsOf(run)))
                Add(Warning, new WarningRecord(text));
            foreach (var error in RunReport.ErrorsOf(run))
                Add(Error, error);
            _status = Texts.Get("State_" + run.Status);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            (state, _status) = (JobState.Stopped, Texts.Get("RunStopped"));
        }
        catch (BackupException exception)
        {
            (state, _status) = (JobState.Failed, exception.Message);
            Add(Error, ErrorRecords.From(exception));
        }
        catch (Exception exception)
        {
            (state, _status) = (JobState.Failed, exception.Message);
            Add(Error, ErrorRecords.Unexpected(exception));
        }

        SetJobState(state);
    }

    private static void Add<T>(PSDataCollection<T> stream, T record)
    {
        if (stream.IsOpen)
            stream.Add(record);
    }
}
