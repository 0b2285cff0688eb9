using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Runs.Checkpoints;

/// <summary>Describes, for the manifest of a snapshot, what a run has done so far.</summary>
internal static class ManifestComposer
{
    /// <summary>Composes the manifest. Resources that the run has not touched keep their entries.</summary>
    /// <param name="context">The run.</param>
    /// <param name="before">The manifest of the previous snapshot.</param>
    /// <param name="status">The run's state.</param>
    public static RunManifest Compose(RunContext context, RunManifest before, BackupState status)
    {
        var record = context.Record;
        var now = record.ToRun(status);
        var resources = before.Resources.ToDictionary(each => (each.Kind, each.Id));
        foreach (var run in record.Runs)
        {
            var key = (run.Source.Kind, run.Source.ResourceId);
            if (run.IsWithdrawn)
                resources.Remove(key);
            else
                resources[key] = Describe(run, record, resources.GetValueOrDefault(key));
        }

        return new RunManifest
        {
            Program = ThisProgram.Name,
            Run = record.Id,
            Configuration = record.Configuration.Id,
            ConfigurationName = record.Configuration.Name,
            Tenant = record.Configuration.Tenant.Id,
            Host = Environment.MachineName,
            Started = record.Started,
            Saved = context.Time.GetUtcNow(),
            Status = status,
            ResourcesTotal = now.ResourcesTotal,
            ResourcesDone = now.ResourcesDone,
            ItemsDownloaded = now.ItemsDownloaded,
            ItemsUpdated = now.ItemsUpdated,
            ItemsRemoved = now.ItemsRemoved,
            BytesDownloaded = now.BytesDownloaded,
            Mismatches = record.Mismatches,
            Resources =
            [
                .. resources.Values.OrderBy(each => each.Kind, StringComparer.Ordinal).ThenBy(each => each.Name, StringComparer.Ordinal),
            ],
        };
    }

    private static ManifestResource Describe(ResourceBackup run, RunProgress record, ManifestResource? before)
    {
        var result = record.ResultOf(run);
        var done = result is not null && result.Status != BackupState.Failed;
        return new ManifestResource
        {
            Kind = run.Source.Kind,
            Id = run.Source.ResourceId,
            Name = run.Source.Name,
            Path = run.Path,
            Drive = (run.Source as Sources.Drives.OneDriveSource)?.Drive ?? before?.Drive,
            Status = result?.Status ?? BackupState.Running,
            Run = record.Id,
            Completed = done ? run.Ended : before?.Completed,
            ItemsExpected = done ? run.ItemsExpected : before?.ItemsExpected,
            ItemsStored = done ? run.ItemsStored : before?.ItemsStored,
            RetryList = run.IsClosed ? run.RetryList : before?.RetryList ?? [],
        };
    }
}
