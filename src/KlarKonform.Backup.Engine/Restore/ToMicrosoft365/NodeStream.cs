using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>A file of a snapshot as a stream, one blob in memory at a time; every byte was authenticated.</summary>
internal sealed class NodeStream(RepositoryReader reader, Node node) : KlarKonform.Backup.Storage.ForwardReadStream
{
    private ReadOnlyMemory<byte> _blob;
    private int _next;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_blob.IsEmpty)
        {
            if (node.Content is not { } content || _next >= content.Count)
                return 0;
            _blob = await reader.ReadBlobAsync(BlobHandle.Data(content[_next++]), cancellationToken);
        }

        var count = Math.Min(buffer.Length, _blob.Length);
        _blob[..count].CopyTo(buffer);
        _blob = _blob[count..];
        return count;
    }
}
