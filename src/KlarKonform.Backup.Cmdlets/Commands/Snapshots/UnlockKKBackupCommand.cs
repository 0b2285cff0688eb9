using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Snapshots;

/// <summary>Shows the locks of a configuration's repository, and removes those of dead processes.</summary>
[Cmdlet(VerbsCommon.Unlock, "KKBackup", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(BackupLock))]
public sealed class UnlockKKBackupCommand : ConfigurationNameCommand
{
    /// <summary>Also removes locks that seem alive, and those whose state is unknown.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected override string Activity => Texts.Get("Activity_Unlock");

    private protected override void ProcessConfiguration(string name)
    {
        IReadOnlyList<BackupLock> locks = [];
        if (!Run(async token => locks = await Engine.GetLocksAsync(name, Secrets, token).ConfigureAwait(false)))
            return;
        var (dead, forced) = (new List<string>(), new List<string>());
        foreach (var each in locks)
        {
            if (!each.Removable && !Force)
                continue;
            var action = Texts.Get(
                Force ? "Action_UnlockForced"
                    : each.State == BackupLockState.Dead ? "Action_Unlock"
                    : "Action_UnlockWatched",
                each.Id[..8],
                each.HostName ?? "?",
                each.ProcessId?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "?",
                each.Reason
            );
            if (ShouldProcess(name, action))
                (Force ? forced : dead).Add(each.Id);
        }

        if (dead.Count + forced.Count == 0)
        {
            WriteObject(locks, enumerateCollection: true);
            return;
        }

        Run(async token =>
        {
            var removed = await Engine.RemoveLocksAsync(name, dead, forced, Secrets, Observer, token).ConfigureAwait(false);
            Post(() => WriteObject(removed, enumerateCollection: true));
        });
    }
}
