using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Runs;

/// <summary>Runs a backup.</summary>
[Cmdlet(VerbsLifecycle.Start, "KKBackup", SupportsShouldProcess = true)]
[OutputType(typeof(BackupRun), typeof(Job))]
public sealed class StartKKBackupCommand : ConfigurationNameCommand
{
    /// <summary>Sources to run.</summary>
    [Parameter]
    [ValidateSet("Mail", "Calendar", "Contacts", "Directory", "OneDrive", "SharePoint", "WhatsApp")]
    public string[] Source { get; set; } = [];

    /// <summary>User name patterns.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ResourceCompleter))]
    public string[] Resource { get; set; } = [];

    /// <summary>Compares everything instead of asking for changes.</summary>
    [Parameter]
    public SwitchParameter Full { get; set; }

    /// <summary>How many mailboxes, drives and sites to read concurrently.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = BackupOptions.DefaultThrottleLimit;

    /// <summary>Number of shards into which the resources are divided.</summary>
    [Parameter]
    [ValidateRange(1, BackupOptions.MaxShards)]
    public int ShardCount { get; set; } = 1;

    /// <summary>The shard that this worker takes first.</summary>
    [Parameter]
    [ValidateRange(0, BackupOptions.MaxShards - 1)]
    public int? ShardIndex { get; set; }

    /// <summary>File of the event log.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <summary>Runs in the background and returns a job.</summary>
    [Parameter]
    public SwitchParameter AsJob { get; set; }

    private protected override string Activity => Texts.Get("Activity_Backup", Current);

    private bool IsTerminating => !MyInvocation.ExpectingInput && Name.Length == 1;

    private protected override void ProcessConfiguration(string name)
    {
        if (!ShouldProcess(name, Texts.Get("Action_Backup")))
            return;
        var options = new BackupOptions
        {
            Sources = Source,
            Resources = Resource,
            Full = Full,
            ThrottleLimit = ThrottleLimit,
            ShardCount = ShardCount,
            ShardIndex = ShardIndex,
            LogPath = LogPath is null ? null : FullPath(LogPath),
        };
        if (AsJob)
        {
            StartJob(name, options);
            return;
        }

        BackupRun? run = null;
        Run(
            async token => run = await Engine.StartBackupAsync(name, options, Secrets, Observer, token).ConfigureAwait(false),
            IsTerminating
        );
        if (run is null)
            return;

        // The object first: whatever the preferences do with warnings and errors, the run has reached the pipeline and -OutVariable.
        WriteObject(run);
        foreach (var text in run.Notes.Concat(RunReport.WarningsOf(run)))
            WriteWarning(text);
        foreach (var error in RunReport.ErrorsOf(run))
            WriteError(error);
    }

    // The vault is read here, where it can prompt; the job keeps what it needs only in memory.
    private void StartJob(string name, BackupOptions options)
    {
        var held = new Dictionary<string, SecretValue>();
        var ready = Run(
            async token =>
            {
                var found = await Engine.GetConfigurationsAsync(WildcardPattern.Escape(name), token).ConfigureAwait(false);
                if (found.Count == 0)
                    throw new BackupException(ErrorIds.ConfigurationNotFound, BackupErrorCategory.ObjectNotFound, name, name);
                foreach (var secret in found[0].SecretNames())
                {
                    var reference = SecretReference.Parse(secret);
                    held[reference.ToString()] = await Secrets.GetAsync(reference, token).ConfigureAwait(false);
                }
            },
            IsTerminating
        );
        if (!ready)
            return;
        var job = new BackupJob(Engine, name, options, new HeldSecretStore(held), Activity, MyInvocation.Line);
        JobRepository.Add(job);
        job.Begin();
        WriteObject(job);
    }
}
