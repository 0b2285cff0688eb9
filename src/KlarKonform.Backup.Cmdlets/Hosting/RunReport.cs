using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>What a run tells through PowerShell's streams besides its object. One error a resource, so that -ErrorAction Stop works in a scheduled task.</summary>
internal static class RunReport
{
    public static IEnumerable<ErrorRecord> ErrorsOf(BackupRun run)
    {
        if (run is { Status: BackupState.Partial, Error: not null })
            yield return ErrorRecords.From(new BackupException("RunStopped", BackupErrorCategory.OperationStopped, run.Configuration));
        foreach (var resource in run.Resources.Where(resource => resource.Status is BackupState.Failed or BackupState.Partial))
            yield return ErrorRecords.From(ErrorOf(resource, run));
        foreach (var problem in run.Verification?.Problems ?? [])
            yield return ErrorRecords.From(new BackupException("VerificationFailed", BackupErrorCategory.InvalidData, run.Configuration, problem));
    }

    private static BackupException ErrorOf(ResourceResult resource, BackupRun run)
    {
        if (resource.Status == BackupState.Failed)
            return new BackupException("ResourceFailed", BackupErrorCategory.NotSpecified, resource.Name, resource.Kind, resource.Name, resource.Code, resource.Message);
        return resource.Failures > 0
            ? new BackupException("ItemsFailed", BackupErrorCategory.NotSpecified, resource.Name, resource.Failures, resource.Kind, resource.Name)
            : new BackupException("ItemsDiffer", BackupErrorCategory.InvalidData, resource.Name, run.Verification?.Mismatches.Count(each => each.Kind == resource.Kind && each.Resource == resource.Name) ?? 0);
    }
}
