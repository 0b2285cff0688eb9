using System.Security.Cryptography;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;

/// <summary>Passes a file through and computes its SHA-256 on the way.</summary>
internal sealed class Sha256Stream(Stream inner) : ForwardReadStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The hash of what was read so far; lower-case hex.</summary>
    public string Hash => Convert.ToHexString(_hash.GetCurrentHash()).ToLowerInvariant();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        _hash.AppendData(buffer.Span[..read]);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _hash.Dispose();
        base.Dispose(disposing);
    }
}
