namespace KlarKonform.Backup.Benchmarks.Drives;

/// <summary>rclone from the drive to the bucket: a copy, neither encrypted nor with a history.</summary>
internal sealed class RcloneCopy(Rclone rclone) : IDriveContestant
{
    public string Name => "rclone";

    public Measurement First(string round) => rclone.Copy("drive:", Rclone.Store(round));

    public Measurement Again(string round) => First(round);

    public Measurement Restore(string round, string destination) => rclone.Copy(Rclone.Store(round), destination);

    public void Clean(string round) { }
}
