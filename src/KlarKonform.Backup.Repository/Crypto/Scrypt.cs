using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace KlarKonform.Backup.Repository.Crypto;

/// <summary>
/// scrypt (RFC 7914) with SIMD vectors, its p independent parts in parallel. restic calibrates p so that one of its own cores works for
/// half a second at every opening; the library's implementation took longer than that, and every cmdlet opens the repository.
/// </summary>
internal static class Scrypt
{
    private const int BlockBytes = 64;
    private const int BlockWords = BlockBytes / sizeof(uint);
    private const int BlockVectors = BlockBytes / 16;

    // Concurrent parts take no more memory than this, or the memory of one part.
    private const long MaxMemory = 256L << 20;

    /// <summary>Derives bytes from a password.</summary>
    /// <param name="password">The password.</param>
    /// <param name="salt">The salt.</param>
    /// <param name="n">The cost: a power of two. A part takes 128·n·r bytes of memory.</param>
    /// <param name="r">The block size.</param>
    /// <param name="p">The number of parts.</param>
    /// <param name="length">Number of bytes to derive.</param>
    public static byte[] Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int n, int r, int p, int length)
    {
        var partBytes = 2 * r * BlockBytes;
        var blocks = Rfc2898DeriveBytes.Pbkdf2(password, salt, 1, HashAlgorithmName.SHA256, p * partBytes);
        var parallel = (int)Math.Clamp(MaxMemory / ((long)n * partBytes), 1, Environment.ProcessorCount);
        Parallel.For(
            0,
            p,
            new ParallelOptions { MaxDegreeOfParallelism = parallel },
            part => Mix(blocks.AsSpan(part * partBytes, partBytes), n, r)
        );
        var derived = Rfc2898DeriveBytes.Pbkdf2(password, blocks, 1, HashAlgorithmName.SHA256, length);
        CryptographicOperations.ZeroMemory(blocks);
        return derived;
    }

    // scryptROMix (section 5). Every block's words are stored in the order in which Salsa20 needs its diagonals as vectors.
    private static unsafe void Mix(Span<byte> part, int n, int r)
    {
        var vectors = 2 * r * BlockVectors;
        var bytes = (nuint)n * (nuint)(vectors * 16);
        var table = (Vector128<uint>*)NativeMemory.AlignedAlloc(bytes, 64); // Released at once; the garbage collector would keep it.
        try
        {
            var x = new Vector128<uint>[vectors];
            var y = new Vector128<uint>[vectors];
            Permute(part, MemoryMarshal.Cast<Vector128<uint>, uint>(x.AsSpan()), inwards: true);
            for (var i = 0; i < n; i++)
            {
                x.AsSpan().CopyTo(new Span<Vector128<uint>>(table + ((nint)i * vectors), vectors));
                MixBlocks(x, y, r);
                (x, y) = (y, x);
            }

            for (var i = 0; i < n; i++)
            {
                var j = x[vectors - BlockVectors].ToScalar() & (uint)(n - 1);
                var row = new ReadOnlySpan<Vector128<uint>>(table + ((nint)j * vectors), vectors);
                for (var k = 0; k < x.Length; k++)
                    x[k] ^= row[k];
                MixBlocks(x, y, r);
                (x, y) = (y, x);
            }

            Permute(part, MemoryMarshal.Cast<Vector128<uint>, uint>(x.AsSpan()), inwards: false);
        }
        finally
        {
            NativeMemory.Clear(table, bytes);
            NativeMemory.AlignedFree(table);
        }
    }

    private static void Permute(Span<byte> part, Span<uint> words, bool inwards)
    {
        for (var block = 0; block < words.Length; block += BlockWords)
        {
            for (var i = 0; i < BlockWords; i++)
            {
                var place = part[((block + (i * 5 % BlockWords)) * sizeof(uint))..];
                if (inwards)
                    words[block + i] = BinaryPrimitives.ReadUInt32LittleEndian(place);
                else
                    BinaryPrimitives.WriteUInt32LittleEndian(place, words[block + i]);
            }
        }
    }

    // scryptBlockMix (section 4) with Salsa20/8 (section 3): even blocks go to the first half, odd ones to the second.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixBlocks(ReadOnlySpan<Vector128<uint>> source, Span<Vector128<uint>> target, int r)
    {
        var last = source[^BlockVectors..];
        var (a, b, c, d) = (last[0], last[1], last[2], last[3]);
        for (var block = 0; block < 2 * r; block++)
        {
            var at = source.Slice(block * BlockVectors, BlockVectors);
            a ^= at[0];
            b ^= at[1];
            c ^= at[2];
            d ^= at[3];
            var (x0, x1, x2, x3) = (a, b, c, d);
            for (var round = 0; round < 4; round++)
            {
                x1 ^= Rotate(x0 + x3, 7);
                x2 ^= Rotate(x1 + x0, 9);
                x3 ^= Rotate(x2 + x1, 13);
                x0 ^= Rotate(x3 + x2, 18);
                x1 = Vector128.Shuffle(x1, Vector128.Create(3u, 0, 1, 2));
                x2 = Vector128.Shuffle(x2, Vector128.Create(2u, 3, 0, 1));
                x3 = Vector128.Shuffle(x3, Vector128.Create(1u, 2, 3, 0));
                x3 ^= Rotate(x0 + x1, 7);
                x2 ^= Rotate(x3 + x0, 9);
                x1 ^= Rotate(x2 + x3, 13);
                x0 ^= Rotate(x1 + x2, 18);
                x1 = Vector128.Shuffle(x1, Vector128.Create(1u, 2, 3, 0));
                x2 = Vector128.Shuffle(x2, Vector128.Create(2u, 3, 0, 1));
                x3 = Vector128.Shuffle(x3, Vector128.Create(3u, 0, 1, 2));
            }

            a += x0;
            b += x1;
            c += x2;
            d += x3;
            var to = target.Slice(((block / 2) + (block % 2 * r)) * BlockVectors, BlockVectors);
            (to[0], to[1], to[2], to[3]) = (a, b, c, d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rotate(Vector128<uint> value, int bits) =>
        Vector128.ShiftLeft(value, bits) | Vector128.ShiftRightLogical(value, 32 - bits);
}
