namespace KlarKonform.Backup.Repository.Writing;

/// <summary>The trees and state that were written last, in memory up to a number of bytes: what a checkpoint writes the next one reads. Thread-safe.</summary>
internal sealed class RecentBlobs(long capacity)
{
    private readonly object _gate = new();
    private readonly Dictionary<BlobId, LinkedListNode<(BlobId Id, byte[] Plain)>> _byId = [];
    private readonly LinkedList<(BlobId Id, byte[] Plain)> _byUse = new();
    private long _bytes;

    public void Put(BlobId id, ReadOnlyMemory<byte> plain)
    {
        if (plain.Length > capacity / 8)
            return;
        lock (_gate)
        {
            if (_byId.ContainsKey(id))
                return;
            _byId[id] = _byUse.AddLast((id, plain.ToArray()));
            for (_bytes += plain.Length; _bytes > capacity; _byUse.RemoveFirst())
            {
                var (oldest, content) = _byUse.First!.Value;
                _byId.Remove(oldest);
                _bytes -= content.Length;
            }
        }
    }

    public byte[]? Find(BlobId id)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(id, out var node))
                return null;
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value.Plain;
        }
    }
}
