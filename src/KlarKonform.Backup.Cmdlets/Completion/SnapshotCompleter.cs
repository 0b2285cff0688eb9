using System.Collections;

namespace KlarKonform.Backup.Cmdlets.Completion;

/// <summary>Completes ids of snapshots, newest first, with their times.</summary>
public sealed class SnapshotCompleter : ArgumentCompleterBase
{
    private const int ShortId = 8;

    private protected override IReadOnlyList<(string Value, string Hint)> Values(string typed, IDictionary bound)
    {
        if (Configuration(bound) is not { } name)
            return [];
        var snapshots = Ask("param($name) Get-KKBackupSnapshot $name -ErrorAction SilentlyContinue", name)
            .Select(each => (BackupSnapshot)each.BaseObject)
            .Reverse()
            .ToArray();
        return snapshots.Length == 0
            ? []
            :
            [
                ("latest", Texts.Get("Complete_Latest")),
                .. snapshots.Select(snapshot =>
                    (
                        typed.Length > ShortId ? snapshot.SnapshotId : snapshot.SnapshotId[..ShortId],
                        $"{snapshot.Time.LocalDateTime:g} {snapshot.Status}"
                    )
                ),
            ];
    }
}
