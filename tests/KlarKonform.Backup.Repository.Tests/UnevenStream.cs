using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Tests;

/// <summary>Returns its content in pieces of random length, as networks do.</summary>
internal sealed class UnevenStream(byte[] content, Random random) : ForwardReadStream
{
    private int _position;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = Math.Min(Math.Min(buffer.Length, content.Length - _position), random.Next(1, 100_000));
        content.AsSpan(_position, count).CopyTo(buffer.Span);
        _position += count;
        return ValueTask.FromResult(count);
    }
}
