using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KlarKonform.Backup.Repository.Format;

/// <summary>A SHA-256: the name of a blob (of its plain text) or of a file at the storage (of its stored bytes).</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct BlobId : IEquatable<BlobId>, IComparable<BlobId>
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 32;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    /// <summary>Reads an id from its 32 bytes.</summary>
    public BlobId(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes[..Size]);
        (_a, _b, _c, _d) = (words[0], words[1], words[2], words[3]);
    }

    /// <summary>The first of the 32 bytes.</summary>
    public byte FirstByte => BitConverter.IsLittleEndian ? (byte)_a : (byte)(_a >> 56);

    /// <summary>The id of these bytes.</summary>
    public static BlobId Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(content, hash);
        return new BlobId(hash);
    }

    /// <summary>Reads 64 hexadecimal digits.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static BlobId Parse(string text) => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is no id.");

    /// <summary>Reads 64 hexadecimal digits, or returns false.</summary>
    public static bool TryParse(string? text, out BlobId id)
    {
        Span<byte> ascii = stackalloc byte[Size * 2];
        if (text is { Length: Size * 2 } && System.Text.Ascii.FromUtf16(text, ascii, out _) == System.Buffers.OperationStatus.Done)
            return TryParse(ascii, out id);
        id = default;
        return false;
    }

    /// <summary>Reads 64 hexadecimal digits in UTF-8, or returns false.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out BlobId id)
    {
        id = default;
        if (utf8.Length != Size * 2)
            return false;
        Span<byte> bytes = stackalloc byte[Size];
        for (var i = 0; i < Size; i++)
        {
            var (high, low) = (HexDigit(utf8[i * 2]), HexDigit(utf8[(i * 2) + 1]));
            if ((high | low) < 0)
                return false;
            bytes[i] = (byte)((high << 4) | low);
        }

        id = new BlobId(bytes);
        return true;
    }

    /// <summary>Writes 64 lower-case hexadecimal digits.</summary>
    public void Format(Span<byte> utf8)
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        for (var i = 0; i < Size; i++)
        {
            utf8[i * 2] = "0123456789abcdef"u8[bytes[i] >> 4];
            utf8[(i * 2) + 1] = "0123456789abcdef"u8[bytes[i] & 15];
        }
    }

    /// <summary>Copies the 32 bytes.</summary>
    public void CopyTo(Span<byte> target)
    {
        var self = this;
        MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref self, 1)).CopyTo(target);
    }

    /// <inheritdoc />
    public bool Equals(BlobId other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is BlobId other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => (int)_a ^ (int)(_a >> 32);

    /// <inheritdoc />
    public int CompareTo(BlobId other)
    {
        Span<byte> mine = stackalloc byte[Size];
        Span<byte> theirs = stackalloc byte[Size];
        CopyTo(mine);
        other.CopyTo(theirs);
        return mine.SequenceCompareTo(theirs);
    }

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexString(bytes).ToLowerInvariant();
    }

    /// <summary>The first eight digits, as restic shows ids.</summary>
    public string ToShortString() => ToString()[..8];

    /// <summary>Equality.</summary>
    public static bool operator ==(BlobId left, BlobId right) => left.Equals(right);

    /// <summary>Inequality.</summary>
    public static bool operator !=(BlobId left, BlobId right) => !left.Equals(right);

    /// <summary>Order of the bytes.</summary>
    public static bool operator <(BlobId left, BlobId right) => left.CompareTo(right) < 0;

    /// <summary>Order of the bytes.</summary>
    public static bool operator >(BlobId left, BlobId right) => left.CompareTo(right) > 0;

    /// <summary>Order of the bytes.</summary>
    public static bool operator <=(BlobId left, BlobId right) => left.CompareTo(right) <= 0;

    /// <summary>Order of the bytes.</summary>
    public static bool operator >=(BlobId left, BlobId right) => left.CompareTo(right) >= 0;

    private static int HexDigit(byte character) =>
        character switch
        {
            >= (byte)'0' and <= (byte)'9' => character - '0',
            >= (byte)'a' and <= (byte)'f' => character - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => character - 'A' + 10,
            _ => -1,
        };
}
