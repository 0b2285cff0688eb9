using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>
/// The trees and state that were written last, in memory up to a number of bytes: the next checkpoint reads what the last one wrote.
/// Thread-safe.
/// </summary>
internal sealed class RecentBlobs(long capacity)
{
    private readonly object _gate = new();
    private readonly Dictionary<BlobHandle, LinkedListNode<(BlobHandle Blob, byte[] Plain)>> _byHandle = [];
    private readonly LinkedList<(BlobHandle Blob, byte[] Plain)> _byUse = new();
    private long _bytes;

    public void Put(BlobHandle blob, ReadOnlyMemory<byte> plain)
    {
        if (plain.Length > capacity / 8)
            return;
        lock (_gate)
        {
            if (_byHandle.ContainsKey(blob))
                return;
            _byHandle[blob] = _byUse.AddLast((blob, plain.ToArray()));
            for (_bytes += plain.Length; _bytes > capacity; _byUse.RemoveFirst())
            {
                var (oldest, content) = _byUse.First!.Value;
                _byHandle.Remove(oldest);
                _bytes -= content.Length;
            }
        }
    }

    public byte[]? Find(BlobHandle blob)
    {
        lock (_gate)
        {
            if (!_byHandle.TryGetValue(blob, out var node))
                return null;
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value.Plain;
        }
    }
}
