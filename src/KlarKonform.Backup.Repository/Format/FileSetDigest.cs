using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace KlarKonform.Backup.Repository.Format;

/// <summary>
/// Which packs and index files exist, with their sizes, as a count and a sum: this shows whether they are still the same without reading
/// them. It detects loss and truncated files, not forgery.
/// </summary>
public readonly record struct FileSetDigest(int Count, ulong Sum)
{
    /// <summary>The census with one more file.</summary>
    public FileSetDigest With(BlobId file, long size) => new(Count + 1, Sum + Digest(file, size));

    /// <summary>The census of both together.</summary>
    public FileSetDigest With(FileSetDigest other) => new(Count + other.Count, Sum + other.Sum);

    /// <summary>The census without the files that are gone.</summary>
    public FileSetDigest Without(FileSetDigest gone) => new(Count - gone.Count, unchecked(Sum - gone.Sum));

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string text, out FileSetDigest census)
    {
        census = default;
        var parts = text.Split('-');
        if (
            parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            || !ulong.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sum)
        )
            return false;
        census = new FileSetDigest(count, sum);
        return true;
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count}-{Sum:x16}");

    private static ulong Digest(BlobId file, long size)
    {
        Span<byte> input = stackalloc byte[(BlobId.Size * 2) + sizeof(long)];
        file.Format(input[..(BlobId.Size * 2)]);
        BinaryPrimitives.WriteInt64LittleEndian(input[(BlobId.Size * 2)..], size);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
