using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Runs;

/// <summary>Shows past runs.</summary>
[Cmdlet(VerbsCommon.Get, "KKBackupRun")]
[OutputType(typeof(BackupRun), typeof(ItemFailure))]
public sealed class GetKKBackupRunCommand : ConfigurationNameCommand
{
    /// <summary>At most this many runs, newest first.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int First { get; set; } = int.MaxValue;

    /// <summary>Runs that began at or after this time.</summary>
    [Parameter]
    public DateTime After { get; set; }

    /// <summary>Runs of these states.</summary>
    [Parameter]
    public BackupState[] Status { get; set; } = [];

    /// <summary>One row per failure: those of the run, and earlier ones that the run has not resolved.</summary>
    [Parameter]
    public SwitchParameter Failure { get; set; }

    private protected override void ProcessConfiguration(string name) =>
        Run(async token =>
        {
            var count = 0;
            await foreach (var run in Engine.GetRunsAsync(name, Observer, token).ConfigureAwait(false))
            {
                if (count == First)
                    return;

                // Not the end: one run with an implausible date must not hide those after it.
                if (MyInvocation.BoundParameters.ContainsKey(nameof(After)) && run.Started < new DateTimeOffset(After))
                    continue;
                if (Status.Length > 0 && !Status.Contains(run.Status))
                    continue;
                count++;
                Post(() => WriteObject(Failure ? FailuresOf(run) : run, enumerateCollection: true));
            }
        });

    // What failed before and was not tried in this run is missing nevertheless.
    private static IEnumerable<ItemFailure> FailuresOf(BackupRun run) =>
        run.Failures.Concat(run.RetryList).DistinctBy(failure => (failure.Kind, failure.Resource, failure.ItemId));
}
