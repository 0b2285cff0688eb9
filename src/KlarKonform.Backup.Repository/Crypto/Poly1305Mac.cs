using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KlarKonform.Backup.Repository.Crypto;

/// <summary>
/// Poly1305 (D. J. Bernstein, "The Poly1305-AES message-authentication code"; RFC 8439, section 2.5) on 64-bit limbs: every stored byte
/// passes through it, and the library's implementation on 32-bit limbs took a ninth of a backup's CPU time. The time it takes depends only
/// on the length.
/// </summary>
/// <remarks>
/// The sum h is kept in three limbs of 64, 64 and a few bits. Multiplying by r needs only 64×64→128 bit products; the part beyond 2^130 is
/// folded back as five times itself, because 2^130 ≡ 5. r's clamped bits keep every partial sum below 2^128.
/// </remarks>
internal static class Poly1305Mac
{
    public const int Size = 16;

    /// <summary>Writes the 16 bytes of the code.</summary>
    /// <param name="r">16 bytes, clamped.</param>
    /// <param name="s">16 bytes: the one-time pad.</param>
    /// <param name="message">The message to authenticate.</param>
    /// <param name="mac">Receives the code.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(ReadOnlySpan<byte> r, ReadOnlySpan<byte> s, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        var r0 = BinaryPrimitives.ReadUInt64LittleEndian(r);
        var r1 = BinaryPrimitives.ReadUInt64LittleEndian(r[8..]);

        // The two lowest bits of r1 are clamped, so r1·5/4 is an integer: the factor of products that start at 2^128.
        var r1Folded = r1 + (r1 >> 2);
        ulong h0 = 0,
            h1 = 0,
            h2 = 0;
        var whole = message.Length & ~(Size - 1);
        foreach (var block in MemoryMarshal.Cast<byte, Block>(message[..whole]))
        {
            var (low, high) = BitConverter.IsLittleEndian
                ? (block.Low, block.High)
                : (BinaryPrimitives.ReverseEndianness(block.Low), BinaryPrimitives.ReverseEndianness(block.High));
            Add(low, high, 1, ref h0, ref h1, ref h2);
            Multiply(r0, r1, r1Folded, ref h0, ref h1, ref h2);
        }

        if (whole < message.Length)
        {
            Span<byte> last = stackalloc byte[Size];
            last.Clear();
            message[whole..].CopyTo(last);
            last[message.Length - whole] = 1;
            Add(
                BinaryPrimitives.ReadUInt64LittleEndian(last),
                BinaryPrimitives.ReadUInt64LittleEndian(last[8..]),
                0,
                ref h0,
                ref h1,
                ref h2
            );
            Multiply(r0, r1, r1Folded, ref h0, ref h1, ref h2);
        }

        // h is below 2·(2^130 − 5); if h + 5 reaches 2^130, h − (2^130 − 5) = h + 5 − 2^130 is the remainder. A mask chooses, not a branch.
        ulong g0 = h0,
            g1 = h1,
            g2 = h2;
        Add(5, 0, 0, ref g0, ref g1, ref g2);
        var take = 0 - (g2 >> 2);
        h0 = (h0 & ~take) | (g0 & take);
        h1 = (h1 & ~take) | (g1 & take);

        var s0 = BinaryPrimitives.ReadUInt64LittleEndian(s);
        var t0 = h0 + s0;
        var t1 = h1 + BinaryPrimitives.ReadUInt64LittleEndian(s[8..]) + Carry(t0, s0);
        BinaryPrimitives.WriteUInt64LittleEndian(mac, t0);
        BinaryPrimitives.WriteUInt64LittleEndian(mac[8..], t1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ulong low, ulong high, ulong top, ref ulong h0, ref ulong h1, ref ulong h2)
    {
        h0 += low;
        var carry = Carry(h0, low);
        h1 += high;
        var carry1 = Carry(h1, high);
        h1 += carry;
        carry1 += Carry(h1, carry);
        h2 += top + carry1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(ulong r0, ulong r1, ulong r1Folded, ref ulong h0, ref ulong h1, ref ulong h2)
    {
        // d0 = h0·r0 + h1·r1·5/4;  d1 = h0·r1 + h1·r0 + h2·r1·5/4;  d2 = h2·r0, with h2 a few bits only.
        var d0High = Math.BigMul(h0, r0, out var d0);
        var fold1High = Math.BigMul(h1, r1Folded, out var fold1);
        d0 += fold1;
        d0High += fold1High + Carry(d0, fold1);

        var d1High = Math.BigMul(h0, r1, out var d1);
        var cross1High = Math.BigMul(h1, r0, out var cross1);
        d1 += cross1;
        d1High += cross1High + Carry(d1, cross1);
        var fold2 = h2 * r1Folded;
        d1 += fold2;
        d1High += Carry(d1, fold2);
        var d2 = h2 * r0;

        d1 += d0High;
        d1High += Carry(d1, d0High);
        d2 += d1High;

        // The part at 2^130 and above is added back times five: c = d2 / 4, and 4c + c.
        var back = (d2 >> 2) + (d2 & ~3UL);
        h2 = d2 & 3;
        h0 = d0 + back;
        var carry = Carry(h0, back);
        h1 = d1 + carry;
        h2 += Carry(h1, carry);
    }

    // 1 if an addition overflowed, given its result (sum) and one of its terms (term).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Carry(ulong sum, ulong term) => sum < term ? 1UL : 0UL;

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Block
    {
        public readonly ulong Low;
        public readonly ulong High;
    }
}
