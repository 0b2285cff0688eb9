using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>Shows runs of the past.</summary>
[Cmdlet(VerbsCommon.Get, "KKBackupRun")]
[OutputType(typeof(BackupRun), typeof(ItemFailure))]
public sealed class GetKKBackupRunCommand : ConfigurationNameCommand
{
    /// <summary>So many, the newest first.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int First { get; set; } = int.MaxValue;

    /// <summary>Runs that began at or after this moment.</summary>
    [Parameter]
    public DateTime After { get; set; }

    /// <summary>Runs of these states.</summary>
    [Parameter]
    public BackupState[] Status { get; set; } = [];

    /// <summary>One row an item that failed.</summary>
    [Parameter]
    public SwitchParameter Failure { get; set; }

    private protected override void ProcessConfiguration(string name) => Run(async token =>
    {
        var count = 0;
        await foreach (var run in Engine.GetRunsAsync(name, token).ConfigureAwait(false))
        {
            if (count == First || (MyInvocation.BoundParameters.ContainsKey(nameof(After)) && run.Started < new DateTimeOffset(After)))
                return;
            if (Status.Length > 0 && !Status.Contains(run.Status))
                continue;
            count++;
            Post(() => WriteObject(Failure ? run.Failures : run, enumerateCollection: true));
        }
    });
}
