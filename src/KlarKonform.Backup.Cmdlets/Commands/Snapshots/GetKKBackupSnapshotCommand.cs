using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Snapshots;

/// <summary>Lists a configuration's snapshots.</summary>
[Cmdlet(VerbsCommon.Get, "KKBackupSnapshot")]
[OutputType(typeof(BackupSnapshot))]
public sealed class GetKKBackupSnapshotCommand : ConfigurationNameCommand
{
    /// <summary>Only the newest complete snapshot.</summary>
    [Parameter]
    public SwitchParameter Latest { get; set; }

    private protected override void ProcessConfiguration(string name) =>
        Run(async token =>
        {
            var snapshots = await Engine.GetSnapshotsAsync(name, Secrets, token).ConfigureAwait(false);
            var shown = Latest ? snapshots.Where(each => each.Status != "Checkpoint").TakeLast(1) : snapshots;
            Post(() => WriteObject(shown, enumerateCollection: true));
        });
}
