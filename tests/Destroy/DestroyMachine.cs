using KlarKonform.Backup.Engine;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Destroy;

/// <summary>A computer that backs up: with its own home folder and clock.</summary>
internal sealed class DestroyMachine(string home, int seed)
{
    public JumpingTime Clock { get; } = new();

    public string Home => home;

    public BackupEngine Engine => new(home, Clock, new Random(seed));
}
