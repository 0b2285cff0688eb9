using System.Buffers.Binary;
using System.Numerics;

namespace KlarKonform.Backup.Graph.Drives;

/// <summary>
/// OneDrive's hash (onedrive-api-docs, code-snippets/quickxorhash.md). A byte at position i is XORed in at bit (11·i) mod 160, and that
/// repeats every 160 bytes: so the input is folded into 160 bytes first, a vector at a time, and rotated once at the end. Not thread-safe.
/// </summary>
public sealed class QuickXorHash
{
    private const int Period = 160;
    private const int Size = 20;

    private readonly byte[] _folded = new byte[Period];
    private long _length;

    /// <summary>Starts with no bytes.</summary>
    public QuickXorHash() { }

    /// <summary>Continues from a saved state.</summary>
    /// <param name="state">What <see cref="Save"/> returned.</param>
    /// <exception cref="FormatException">It is not such a state.</exception>
    public QuickXorHash(ReadOnlySpan<byte> state)
    {
        if (state.Length != Period + sizeof(long))
            throw new FormatException("This is not the state of a quickXorHash.");
        state[..Period].CopyTo(_folded);
        _length = BinaryPrimitives.ReadInt64LittleEndian(state[Period..]);
    }

    /// <summary>The state, to continue later.</summary>
    public byte[] Save()
    {
        var state = new byte[Period + sizeof(long)];
        _folded.CopyTo(state, 0);
        BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(Period), _length);
        return state;
    }

    /// <summary>Adds the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var at = (int)(_length % Period);
        _length += bytes.Length;
        while (bytes.Length > 0)
        {
            var count = Math.Min(Period - at, bytes.Length);
            var target = _folded.AsSpan(at, count);
            var i = 0;
            for (; i <= count - Vector<byte>.Count; i += Vector<byte>.Count)
                (new Vector<byte>(target[i..]) ^ new Vector<byte>(bytes[i..])).CopyTo(target[i..]);
            for (; i < count; i++)
                target[i] ^= bytes[i];
            bytes = bytes[count..];
            at = 0;
        }
    }

    /// <summary>The hash of all bytes so far, in Graph's format.</summary>
    public string ToBase64()
    {
        Span<byte> hash = stackalloc byte[Size];
        for (var i = 0; i < Period; i++)
        {
            var bit = 11 * i % (Size * 8);
            var shifted = _folded[i] << (bit % 8);
            hash[bit / 8] ^= (byte)shifted;
            hash[((bit / 8) + 1) % Size] ^= (byte)(shifted >> 8);
        }

        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, _length);
        for (var i = 0; i < length.Length; i++)
            hash[Size - length.Length + i] ^= length[i];
        return Convert.ToBase64String(hash);
    }
}
