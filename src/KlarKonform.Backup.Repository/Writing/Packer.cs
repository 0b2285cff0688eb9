using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Packs;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>
/// Fills packs with blobs of one kind. With several open packs every blob goes to a random one: an observer of packs and their sizes must
/// not learn the lengths of a file's chunks, which could reveal the secret polynomial by means of a known file (restic 0.18, issue 5291).
/// Thread-safe.
/// </summary>
/// <param name="buffers">The buffers in which packs are filled; at least one more than are open, if filling should not wait for every
/// upload.</param>
/// <param name="open">How many packs are filled concurrently.</param>
/// <param name="draw">Draws a number from 0 to less than its argument; called by one thread at a time.</param>
/// <param name="isMetadata">Whether they hold trees or state.</param>
/// <param name="closed">Receives a pack that gets no more blobs.</param>
internal sealed class Packer(PackBuffers buffers, int open, Func<int, int> draw, bool isMetadata, Action<PackBuilder> closed) : IDisposable
{
    private readonly AsyncLock _gate = new();
    private readonly PackBuilder?[] _open = new PackBuilder?[open];

    /// <summary>Reserves a place for a blob; waits while every buffer is in use. A full pack is closed and passed on.</summary>
    public async Task<(PackBuilder Pack, PackedBlob Blob)> ReserveAsync(
        BlobId id,
        BlobKind kind,
        int length,
        int uncompressedLength,
        CancellationToken cancellationToken
    )
    {
        using var turn = await _gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        var needed = PackBuilder.BytesFor(length);
        if (buffers.IsLarge(needed))
        {
            // It does not fit into an ordinary pack, and becomes a pack of its own.
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

    /// <summary>
    /// Passes on the packs being filled. As long as they fit into one, they become one: two small packs of a small file would show its two
    /// chunks.
    /// </summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        using var turn = await _gate.EnterAsync(cancellationToken).ConfigureAwait(false);
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
