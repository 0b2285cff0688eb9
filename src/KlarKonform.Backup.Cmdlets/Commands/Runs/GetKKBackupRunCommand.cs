using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Runs;

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

    /// <summary>One row a failure: of the run, and those of before that the run still lacks.</summary>
    [Parameter]
    public SwitchParameter Failure { get; set; }

    private protected override void ProcessConfiguration(string name) => Run(async token =>
    {
        var count = 0;
        await foreach (var run in Engine.GetRunsAsync(name, Observer, token).ConfigureAwait(false))
        {
            if (count == First)
                return;

            // Not the end: one run with an odd date must not hide those behind it.
            if (MyInvocation.BoundParameters.ContainsKey(nameof(After)) && run.Started < new DateTimeOffset(After))
                continue;
            if (Status.Length > 0 && !Status.Contains(run.Status))
                continue;
            count++;
            Post(() => WriteObject(Failure ? FailuresOf(run) : run, enumerateCollection: true));
        }
    });

    // What failed before and was not tried in this run is missing all the same.
    private static IEnumerable<ItemFailure> FailuresOf(BackupRun run) => run.Failures.Concat(run.RetryList).DistinctBy(failure => (failure.Kind, failure.Resource, failure.ItemId));
}
