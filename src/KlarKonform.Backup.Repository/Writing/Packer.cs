using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>Fills one pack after the other with blobs of one kind. Thread-safe.</summary>
internal sealed class Packer(PackBuffers buffers, bool isMetadata, Action<PackBuilder> closed) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private PackBuilder? _open;

    /// <summary>Reserves a place for a blob; waits while every buffer is in use. A pack that has no room left is closed and handed over.</summary>
    public async Task<(PackBuilder Pack, PackedBlob Blob)> ReserveAsync(BlobId id, BlobKind kind, int length, int uncompressedLength, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_open?.HasRoomFor(length) == false)
                CloseOpen();
            _open ??= new PackBuilder(buffers.IsLarge(PackBuilder.BytesFor(length))
                ? GC.AllocateUninitializedArray<byte>(PackBuilder.BytesFor(length))
                : await buffers.RentAsync(cancellationToken).ConfigureAwait(false), buffers) { IsMetadata = isMetadata };
            var pack = _open;
            var blob = pack.Reserve(id, kind, length, uncompressedLength);
            if (pack.IsFull)
                CloseOpen();
            return (pack, blob);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Hands over the pack that is being filled, if there is one.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            CloseOpen();
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private void CloseOpen()
    {
        if (_open is not { } full)
            return;
        _open = null;
        full.Close();
        closed(full);
    }
}
