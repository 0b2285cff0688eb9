using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>
/// Fills packs with blobs of one kind. With several open at a time every blob goes to one of them at random: whoever sees packs and their
/// sizes must not learn how long the pieces are that a file was cut into, or he could find out the secret polynomial by a file that he
/// knows (restic 0.18, issue 5291). Thread-safe.
/// </summary>
/// <param name="buffers">Where the packs are filled; one more than are open, at least, if filling is not to wait for every upload.</param>
/// <param name="open">Packs that are filled at a time.</param>
/// <param name="draw">Draws a number from 0 to less than its argument; called by one thread at a time.</param>
/// <param name="isMetadata">Whether they hold trees or state.</param>
/// <param name="closed">Takes a pack that gets no more blobs.</param>
internal sealed class Packer(PackBuffers buffers, int open, Func<int, int> draw, bool isMetadata, Action<PackBuilder> closed) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly PackBuilder?[] _open = new PackBuilder?[open];

    /// <summary>Reserves a place for a blob; waits while every buffer is in use. A pack that has no room left is closed and handed over.</summary>
    public async Task<(PackBuilder Pack, PackedBlob Blob)> ReserveAsync(BlobId id, BlobKind kind, int length, int uncompressedLength, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var needed = PackBuilder.BytesFor(length);
            if (buffers.IsLarge(needed))
            {
                // It fits in no ordinary pack, and is one by itself.
                var alone = New(GC.AllocateUninitializedArray<byte>(needed));
                var only = alone.Reserve(id, kind, length, uncompressedLength);
                HandOver(alone);
                return (alone, only);
            }

            var place = _open.Length == 1 ? 0 : draw(_open.Length);
            if (_open[place] is { } full && !full.HasRoomFor(length))
                Close(place);
            var pack = _open[place] ??= New(await buffers.RentAsync(cancellationToken).ConfigureAwait(false));
            var blob = pack.Reserve(id, kind, length, uncompressedLength);
            if (pack.IsFull)
                Close(place);
            return (pack, blob);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Hands over the packs that are being filled. As long as they fit in one, it is one: two small packs of a small file would be
    /// its two pieces.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            PackBuilder? last = null;
            for (var place = 0; place < _open.Length; place++)
            {
                if (_open[place] is not { } pack)
                    continue;
                _open[place] = null;
                if (last is not null && last.HasRoomFor(pack))
                {
                    await last.AbsorbAsync(pack).ConfigureAwait(false);
                    continue;
                }

                if (last is not null)
                    HandOver(last);
                last = pack;
            }

            if (last is not null)
                HandOver(last);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private PackBuilder New(byte[] buffer) => new(buffer, buffers) { IsMetadata = isMetadata };

    private void Close(int place)
    {
        var full = _open[place]!;
        _open[place] = null;
        HandOver(full);
    }

    private void HandOver(PackBuilder pack)
    {
        pack.Close();
        closed(pack);
    }
}
