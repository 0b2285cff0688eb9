using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>A blob that a writer has claimed and that is in no index yet. Its fields are guarded by a lock on the object.</summary>
internal sealed class PendingBlob
{
    private readonly TaskCompletionSource _packed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the blob lies in a pack.</summary>
    public Task Packed => _packed.Task;

    /// <summary>The unfinished pack that holds the blob; null before and after.</summary>
    public PackBuilder? Pack { get; set; }

    public PackedBlob Blob { get; set; }

    public void SetPacked() => _packed.TrySetResult();

    public void SetFailed(Exception exception)
    {
        _packed.TrySetException(exception);
        _ = _packed.Task.Exception; // Seen, even when nobody waits.
    }
}
