using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>Converts the engine's progress to PowerShell's progress records.</summary>
internal static class ProgressRecords
{
    // One bar for the whole operation, whatever else a script shows.
    private const int Activity = 4711;

    public static ProgressRecord Of(string activity, BackupProgress progress) =>
        new(Activity, activity, progress.Text.Length > 0 ? progress.Text : " ")
        {
            PercentComplete = progress.Percent,
            CurrentOperation = progress.CurrentOperation ?? "",
            SecondsRemaining = progress.SecondsRemaining,
            RecordType = progress.Completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        };
}
