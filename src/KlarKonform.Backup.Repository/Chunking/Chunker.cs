using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KlarKonform.Backup.Repository.Chunking;

/// <summary>
/// Finds cut points by content: Rabin fingerprints over a 64-byte window, cut where the lowest 20 bits are zero, between 512 KiB and 8 MiB
/// (restic/chunker). With the same polynomial the cut points are the same as restic's, so both deduplicate each other's files.
/// </summary>
internal sealed class Chunker
{
    public const int MinSize = 512 * 1024;
    public const int MaxSize = 8 * 1024 * 1024;

    private const int WindowSize = 64;
    private const int Lanes = 4;
    private const int LaneLength = 4096;
    private const ulong SplitMask = (1 << 20) - 1;

    private readonly ulong[] _out = new ulong[256];
    private readonly ulong[] _mod = new ulong[256];
    private readonly ulong[] _slide = new ulong[256];
    private readonly int _shift;

    public Chunker(Polynomial polynomial)
    {
        _shift = polynomial.Degree - 8;
        for (var b = 0; b < 256; b++)
        {
            var hash = Append(default, (byte)b, polynomial);
            for (var i = 0; i < WindowSize - 1; i++)
                hash = Append(hash, 0, polynomial);
            _out[b] = hash.Bits;
            var high = (ulong)b << polynomial.Degree;
            _mod[b] = new Polynomial(high).Mod(polynomial).Bits | high;
        }

        // The contribution of a leaving byte, already shifted by the entering one.
        for (var b = 0; b < 256; b++)
            _slide[b] = Slide(0, (byte)b, 0, _out, _mod, _shift);
    }

    /// <summary>A scan for the end of one chunk, to be continued as data arrives.</summary>
    public struct Scan
    {
        internal int Position;
        internal ulong Digest;
    }

    /// <summary>
    /// Looks for the end of the chunk that begins with <paramref name="data"/>; what an earlier call scanned is not scanned again.
    /// </summary>
    /// <param name="scan">A new scan for each chunk.</param>
    /// <param name="data">The chunk's beginning, as far as it has arrived: at least what the previous call was given.</param>
    /// <returns>The chunk's length, or -1 if its end has not arrived yet.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int FindCut(ref Scan scan, ReadOnlySpan<byte> data)
    {
        if (data.Length < MinSize)
            return -1;
        var limit = Math.Min(data.Length, MaxSize);
        var (outTable, modTable, shift) = (_out, _mod, _shift);
        var digest = scan.Digest;
        if (scan.Position == 0)
        {
            // The window is filled from the 64 bytes before the minimum size; a single 1 goes in first, so that zeros do not hash to zero.
            digest = Slide(0, 0, 1, outTable, modTable, shift);
            for (var i = 0; i < WindowSize; i++)
                digest = Slide(digest, i == WindowSize - 1 ? (byte)1 : (byte)0, data[MinSize - WindowSize + i], outTable, modTable, shift);
            if ((digest & SplitMask) == 0)
                return MinSize;
            scan.Position = MinSize;
        }

        var at = scan.Position;
        while (limit - at >= Lanes * LaneLength)
        {
            var hit = ScanLanes(ref MemoryMarshal.GetReference(data[at..]), ref digest);
            if (hit >= 0)
                return at + hit + 1;
            at += Lanes * LaneLength;
        }

        for (; at < limit; at++)
        {
            digest = Slide(digest, data[at - WindowSize], data[at], outTable, modTable, shift);
            if ((digest & SplitMask) == 0)
                return at + 1;
        }

        scan.Position = limit;
        scan.Digest = digest;
        return limit == MaxSize ? MaxSize : -1;
    }

    // The digest after a byte depends only on the last 64 bytes, so four stretches are scanned in parallel: a single one would wait for its
    // table look-up at every byte. Returns the offset of the first cut, or -1; then the digest is the one after the last byte.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ScanLanes(ref byte start, ref ulong digest)
    {
        ref var slide = ref MemoryMarshal.GetArrayDataReference(_slide);
        ref var mod = ref MemoryMarshal.GetArrayDataReference(_mod);
        var shift = _shift;
        var d0 = digest;
        var d1 = Fill(ref Unsafe.Add(ref start, LaneLength - WindowSize));
        var d2 = Fill(ref Unsafe.Add(ref start, (2 * LaneLength) - WindowSize));
        var d3 = Fill(ref Unsafe.Add(ref start, (3 * LaneLength) - WindowSize));
        int hit1 = -1,
            hit2 = -1,
            hit3 = -1;
        for (nint i = 0; i < LaneLength; i++)
        {
            ref var at = ref Unsafe.Add(ref start, i);
            d0 = (d0 << 8) ^ Unsafe.Add(ref mod, (nint)(d0 >> shift)) ^ Unsafe.Add(ref slide, (nint)Unsafe.Add(ref at, -WindowSize)) ^ at;
            d1 =
                (d1 << 8)
                ^ Unsafe.Add(ref mod, (nint)(d1 >> shift))
                ^ Unsafe.Add(ref slide, (nint)Unsafe.Add(ref at, LaneLength - WindowSize))
                ^ Unsafe.Add(ref at, LaneLength);
            d2 =
                (d2 << 8)
                ^ Unsafe.Add(ref mod, (nint)(d2 >> shift))
                ^ Unsafe.Add(ref slide, (nint)Unsafe.Add(ref at, (2 * LaneLength) - WindowSize))
                ^ Unsafe.Add(ref at, 2 * LaneLength);
            d3 =
                (d3 << 8)
                ^ Unsafe.Add(ref mod, (nint)(d3 >> shift))
                ^ Unsafe.Add(ref slide, (nint)Unsafe.Add(ref at, (3 * LaneLength) - WindowSize))
                ^ Unsafe.Add(ref at, 3 * LaneLength);
            if ((d0 & SplitMask) == 0)
                return (int)i;
            if ((d1 & SplitMask) == 0 && hit1 < 0)
                hit1 = LaneLength + (int)i;
            if ((d2 & SplitMask) == 0 && hit2 < 0)
                hit2 = (2 * LaneLength) + (int)i;
            if ((d3 & SplitMask) == 0 && hit3 < 0)
                hit3 = (3 * LaneLength) + (int)i;
        }

        digest = d3;
        return hit1 >= 0 ? hit1
            : hit2 >= 0 ? hit2
            : hit3;
    }

    // The digest of the bytes of one window.
    private ulong Fill(ref byte window)
    {
        var digest = 0UL;
        for (var i = 0; i < WindowSize; i++)
            digest = ((digest << 8) | Unsafe.Add(ref window, i)) ^ _mod[digest >> _shift];
        return digest;
    }

    private static ulong Slide(ulong digest, byte leaving, byte entering, ulong[] outTable, ulong[] modTable, int shift)
    {
        digest ^= outTable[leaving];
        var index = digest >> shift;
        return ((digest << 8) | entering) ^ modTable[index];
    }

    private static Polynomial Append(Polynomial hash, byte value, Polynomial modulus) =>
        new Polynomial((hash.Bits << 8) | value).Mod(modulus);
}
