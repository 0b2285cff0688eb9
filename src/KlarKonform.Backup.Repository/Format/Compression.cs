using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using ZstdSharp;

namespace KlarKonform.Backup.Repository.Format;

/// <summary>zstd with one compressor and one decompressor per concurrent user. Thread-safe.</summary>
internal sealed class Compression : IDisposable
{
    // Restic's "auto" means level 3; level 2 stores less than one per cent more for mails and documents, in two thirds of the time.
    private const int Level = 2;

    // Size ratio of hexadecimal text, such as an index file, to its compressed form; usually even higher.
    private const int UsualRatio = 6;

    private readonly ConcurrentBag<Compressor> _compressors = [];
    private readonly ConcurrentBag<Decompressor> _decompressors = [];

    /// <summary>Maximum number of bytes that compressing needs.</summary>
    public static int Bound(int length) => Compressor.GetCompressBound(length);

    /// <summary>
    /// Whether compressing may gain anything. In encrypted and packed data (most of what people keep) all bytes occur almost equally often
    /// in every part; a few thousand of them show it, and save a pass over the whole.
    /// </summary>
    public static bool IsWorthTrying(ReadOnlySpan<byte> content)
    {
        const int samples = 4096;
        const int part = 1024;
        if (content.Length < 64 * 1024)
            return true;
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        for (var i = 0; i < samples / part; i++)
        {
            foreach (var value in content.Slice((int)((long)(content.Length - part) * i / ((samples / part) - 1)), part))
                counts[value]++;
        }

        // The sum of squared counts is samples²/256 + samples for uniform bytes on average; text and documents are far above.
        long squares = 0;
        foreach (var count in counts)
            squares += (long)count * count;
        return squares > 1.15 * (((double)samples * samples / 256) + samples);
    }

    public int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (!_compressors.TryTake(out var compressor))
            compressor = new Compressor(Level);
        try
        {
            return compressor.Wrap(source, target);
        }
        finally
        {
            _compressors.Add(compressor);
        }
    }

    /// <summary>Decompresses into a buffer of exactly the expected length.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>: not zstd, or of another length.</exception>
    public void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (!_decompressors.TryTake(out var decompressor))
            decompressor = new Decompressor();
        try
        {
            if (decompressor.Unwrap(source, target) != target.Length)
                throw new RepositoryException(RepositoryErrorKind.Damaged, "A compressed blob has another length than its index says.");
        }
        catch (ZstdException exception)
        {
            throw new RepositoryException(RepositoryErrorKind.Damaged, "A compressed blob cannot be decompressed.", exception);
        }
        finally
        {
            _decompressors.Add(decompressor);
        }
    }

    /// <summary>A stream that compresses what is written to it into the target; the end of the frame is written on disposal.</summary>
    public static Stream Into(Stream target) => new CompressionStream(target, Level, leaveOpen: true);

    /// <summary>Decompresses a frame of unknown length.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>: not zstd.</exception>
    public static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> source)
    {
        try
        {
            // Not from the shared pool, which would keep megabytes for every index file that was read concurrently.
            using var stream = new DecompressionStream(StreamOf(source));
            var text = GC.AllocateUninitializedArray<byte>(Math.Max(4096, source.Length * UsualRatio));
            var length = 0;
            for (int count; (count = stream.Read(text, length, text.Length - length)) > 0; )
            {
                length += count;
                if (length == text.Length)
                    Array.Resize(ref text, length * 2);
            }

            return text.AsMemory(0, length);
        }
        catch (ZstdException exception)
        {
            throw new RepositoryException(RepositoryErrorKind.Damaged, "A compressed file cannot be decompressed.", exception);
        }
    }

    private static MemoryStream StreamOf(ReadOnlyMemory<byte> source) =>
        MemoryMarshal.TryGetArray(source, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(source.ToArray(), writable: false);

    public void Dispose()
    {
        foreach (var compressor in _compressors)
            compressor.Dispose();
        foreach (var decompressor in _decompressors)
            decompressor.Dispose();
    }
}
