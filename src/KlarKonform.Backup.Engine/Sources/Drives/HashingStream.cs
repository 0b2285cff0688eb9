using KlarKonform.Backup.Graph.Drives;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>Passes a download through and computes its quickXorHash and length on the way.</summary>
internal sealed class HashingStream(Stream inner, ContentSample? sample = null) : KlarKonform.Backup.Storage.ForwardReadStream
{
    private readonly QuickXorHash _hash = new();

    public long BytesRead { get; private set; }

    public string Hash => _hash.ToBase64();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        _hash.Append(buffer.Span[..read]);
        sample?.Add(buffer.Span[..read]);
        BytesRead += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
