using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.UnitTests;

public sealed class SnapshotTagsTests
{
    [Theory]
    [InlineData("status:succeeded", BackupState.Succeeded)]
    [InlineData("status:partial", BackupState.Partial)]
    [InlineData("status:running", BackupState.Running)]
    [InlineData("status:of a later version", BackupState.Partial)]
    [InlineData("something else", BackupState.Partial)]
    public void A_status_that_is_not_understood_is_partial(string tag, BackupState status) => Assert.Equal(status, Of(tag).StatusOf());

    [Fact]
    public void The_last_complete_snapshot_is_none_that_a_stopped_run_left()
    {
        StoredSnapshot[] snapshots = [new(default, Of("status:succeeded")), new(default, Of("checkpoint")), new(default, Of("checkpoint"))];
        Assert.Same(snapshots[0].Snapshot, snapshots.LastComplete()?.Snapshot);
        Assert.Null(snapshots[1..].LastComplete());
    }

    [Fact]
    public void A_snapshot_says_which_files_it_was_verified_with()
    {
        var files = default(FileSetDigest).With(BlobId.Of([1, 2, 3]), 17);
        Assert.Equal(files, Of(SnapshotTags.Files + files).FilesVerified());
        Assert.Null(Of(SnapshotTags.Files + files).FilesWritten());
        Assert.Null(Of("files:nonsense").FilesVerified());
    }

    private static Snapshot Of(params string[] tags) =>
        new()
        {
            Time = "2026-01-01T00:00:00Z",
            Tree = new string('0', 64),
            Paths = ["/x"],
            Hostname = "h",
            Username = "u",
            Tags = tags,
        };
}
