using System.Runtime.CompilerServices;

namespace KlarKonform.Backup.Repository.Chunking;

/// <summary>
/// Finds cut points by content: Rabin fingerprints over a 64-byte window, cut where the lowest 20 bits are zero, between
/// 512 KiB and 8 MiB (restic/chunker). Equal polynomials give the cut points of restic itself, so both deduplicate each other's files.
/// </summary>
internal sealed class Chunker
{
    public const int MinSize = 512 * 1024;
    public const int MaxSize = 8 * 1024 * 1024;

    private const int WindowSize = 64;
    private const ulong SplitMask = (1 << 20) - 1;

    private readonly ulong[] _out = new ulong[256];
    private readonly ulong[] _mod = new ulong[256];
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
    }

    /// <summary>A scan for the end of one chunk, to be continued as data arrives.</summary>
    public struct Scan
    {
        internal int Position;
        internal ulong Digest;
    }

    /// <summary>
    /// Looks for the end of the chunk that begins with <paramref name="data"/>; what an earlier call looked at is not looked at again.
    /// </summary>
    /// <param name="scan">A new scan a chunk.</param>
    /// <param name="data">The chunk's beginning, as much as has arrived: at least what the last call saw.</param>
    /// <returns>The chunk's length, or -1 when its end has not arrived.</returns>
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
            // The window is filled from the 64 bytes before the minimum size; a lone 1 goes in first, so that zeros do not hash to zero.
            digest = Slide(0, 0, 1, outTable, modTable, shift);
            for (var i = 0; i < WindowSize; i++)
                digest = Slide(digest, i == WindowSize - 1 ? (byte)1 : (byte)0, data[MinSize - WindowSize + i], outTable, modTable, shift);
            if ((digest & SplitMask) == 0)
                return MinSize;
            scan.Position = MinSize;
        }

        for (var i = scan.Position; i < limit; i++)
        {
            digest ^= outTable[data[i - WindowSize]];
            var index = digest >> shift;
            digest = ((digest << 8) | data[i]) ^ modTable[index];
            if ((digest & SplitMask) == 0)
                return i + 1;
        }

        scan.Position = limit;
        scan.Digest = digest;
        return limit == MaxSize ? MaxSize : -1;
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
