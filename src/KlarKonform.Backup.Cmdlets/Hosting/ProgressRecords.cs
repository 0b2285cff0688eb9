using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Hosting;

/// <summary>Makes PowerShell's progress records of the engine's.</summary>
internal static class ProgressRecords
{
    // One bar for the whole, whatever else a script shows.
    private const int Activity = 4711;

    public static ProgressRecord Of(string activity, BackupProgress progress) => new(Activity, activity, progress.Text.Length > 0 ? progress.Text : " ")
    {
        PercentComplete = progress.Percent,
        CurrentOperation = progress.CurrentOperation ?? "",
        SecondsRemaining = progress.SecondsRemaining,
        RecordType = progress.Completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
    };
}
