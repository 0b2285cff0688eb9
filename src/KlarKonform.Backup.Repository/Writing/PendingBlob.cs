using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>A blob that a writer has claimed and that is not in an index yet. Its fields are guarded by a lock on the object.</summary>
internal sealed class PendingBlob
{
    private readonly TaskCompletionSource _packed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the blob is in a pack.</summary>
    public Task Packed => _packed.Task;

    /// <summary>The unfinished pack that contains the sealed blob; null before and after.</summary>
    public PackBuilder? Pack { get; private set; }

    public PackedBlob Blob { get; private set; }

    public void SetPacked(PackBuilder pack, PackedBlob blob)
    {
        lock (this)
            (Pack, Blob) = (pack, blob);
        _packed.TrySetResult();
    }

    /// <summary>Records that the blob was stored already.</summary>
    public void SetKnown() => _packed.TrySetResult();

    /// <summary>Records that the pack is durable and its buffer is about to be reused.</summary>
    public void SetStored()
    {
        lock (this)
            Pack = null;
    }

    /// <summary>A copy of the sealed blob while it is in an unfinished pack, or null.</summary>
    public (byte[] Stored, PackedBlob Blob)? Copy()
    {
        lock (this)
            return Pack is { } pack ? (pack.Place(Blob).ToArray(), Blob) : null;
    }

    public void SetFailed(Exception exception)
    {
        _packed.TrySetException(exception);
        _ = _packed.Task.Exception; // Marks the exception as observed, even if nothing waits for it.
    }
}
