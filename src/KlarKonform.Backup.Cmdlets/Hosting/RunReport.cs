using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>
/// What a run reports through PowerShell's streams in addition to its object: a warning for items, one error per resource that failed as a
/// whole, so that a script with <c>$ErrorActionPreference = 'Stop'</c> does not end because of one damaged mail, but does end if a mailbox
/// is not backed up.
/// </summary>
internal static class RunReport
{
    // A warning names this many; the cmdlet that it mentions lists all.
    private const int MaxNamed = 3;

    /// <summary>Single items and parts that are not in the backup. Differences between source and backup are in the run's notes.</summary>
    public static IEnumerable<string> WarningsOf(BackupRun run)
    {
        var missing = run
            .Failures.Concat(run.RetryList)
            .Where(failure => failure is { AcceptedReason: null, Level: not FailureLevel.Resource })
            .DistinctBy(failure => (failure.Kind, failure.Resource, failure.ItemId))
            .ToArray();
        if (missing.Length > 0)
        {
            var named = string.Join(
                "; ",
                missing
                    .Take(MaxNamed)
                    .Select(failure =>
                        Texts.Get("ItemsFailedOne", failure.Name, failure.Kind, failure.Resource, failure.Code, failure.Hint)
                    )
            );
            yield return Texts.Get("ItemsFailed", missing.Length, named, run.Configuration, missing.Length > MaxNamed ? "; …" : "");
        }
    }

    /// <summary>Resources that failed, a stop, and problems of the repository.</summary>
    public static IEnumerable<ErrorRecord> ErrorsOf(BackupRun run)
    {
        if (run is { Status: BackupState.Partial, Error: not null })
            yield return ErrorRecords.From(
                new BackupException(ErrorIds.RunStopped, BackupErrorCategory.OperationStopped, run.Configuration)
            );
        foreach (var resource in run.Resources.Where(resource => resource.Status == BackupState.Failed))
            yield return ErrorRecords.From(
                new BackupException(
                    ErrorIds.ResourceFailed,
                    BackupErrorCategory.NotSpecified,
                    resource.Name,
                    resource.Kind,
                    resource.Name,
                    resource.Code,
                    resource.Message
                )
            );
        foreach (var problem in run.Verification?.Problems ?? [])
            yield return ErrorRecords.From(
                new BackupException(ErrorIds.VerificationFailed, BackupErrorCategory.InvalidData, run.Configuration, problem)
            );
    }
}
