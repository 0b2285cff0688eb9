using System.Buffers.Binary;

namespace KlarKonform.Backup.DemoTenant.Model;

/// <summary>Bytes that depend only on a seed and the position, so that a file of any size needs no memory.</summary>
public static class SeededContent
{
    /// <summary>Fills the buffer with the content from a position onwards.</summary>
    public static void Fill(long seed, long position, Span<byte> buffer)
    {
        Span<byte> word = stackalloc byte[8];
        var done = 0;
        while (done < buffer.Length)
        {
            var index = (position + done) / 8;
            var skip = (int)((position + done) % 8);
            BinaryPrimitives.WriteUInt64LittleEndian(word, Mix((ulong)seed * 0x9E3779B97F4A7C15 + (ulong)index));
            var count = Math.Min(8 - skip, buffer.Length - done);
            word.Slice(skip, count).CopyTo(buffer[done..]);
            done += count;
        }
    }

    public static byte[] Bytes(long seed, int size)
    {
        var bytes = new byte[size];
        Fill(seed, 0, bytes);
        return bytes;
    }

    /// <summary>Bytes that begin like a JPEG.</summary>
    public static byte[] Photo(long seed) => [0xFF, 0xD8, 0xFF, 0xE0, .. Bytes(seed, 2000 + (int)(seed & 0xFFF))];

    // The finaliser of SplitMix64.
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
