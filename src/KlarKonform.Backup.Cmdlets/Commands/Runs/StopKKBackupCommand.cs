using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Runs;

/// <summary>Stops a running backup at a checkpoint.</summary>
[Cmdlet(VerbsLifecycle.Stop, "KKBackup", SupportsShouldProcess = true)]
[OutputType(typeof(BackupRun))]
public sealed class StopKKBackupCommand : ConfigurationNameCommand
{
    // A stopped run ends within ten seconds; a machine under load may need longer.
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(60);

    /// <summary>Only asks, and does not wait for the end.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    private protected override void ProcessConfiguration(string name)
    {
        if (!ShouldProcess(name, Texts.Get("Action_Stop")))
            return;
        BackupRun? run = null;
        if (Run(async token => run = await Engine.StopBackupAsync(name, NoWait ? TimeSpan.Zero : s_wait, token).ConfigureAwait(false)))
            WriteObject(run);
    }
}
