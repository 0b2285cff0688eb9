using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>Fills one pack after the other with blobs of one kind. Thread-safe.</summary>
internal sealed class Packer
{
    private readonly object _gate = new();
    private PackBuilder? _open;

    /// <summary>Adds a blob; a pack that it fills is handed to <paramref name="close"/> before anybody else can look.</summary>
    public Task Add(BlobId id, BlobKind kind, ReadOnlySpan<byte> sealedBlob, int uncompressedLength, PendingBlob slot, Func<PackBuilder, Task> close)
    {
        var admitted = Task.CompletedTask;
        lock (_gate)
        {
            if (_open is not null && !_open.HasRoomFor(sealedBlob.Length))
                admitted = Close(close);
            _open ??= new PackBuilder();
            var blob = _open.Add(id, kind, sealedBlob, uncompressedLength);
            lock (slot)
            {
                slot.Pack = _open;
                slot.Blob = blob;
            }

            return _open.IsFull ? Close(close) : admitted;
        }
    }

    /// <summary>Hands over the pack that is being filled, if there is one.</summary>
    public void CloseOpen(Func<PackBuilder, Task> close)
    {
        lock (_gate)
        {
            if (_open is not null)
                Close(close);
        }
    }

    private Task Close(Func<PackBuilder, Task> close)
    {
        var full = _open!;
        _open = null;
        return close(full);
    }
}
