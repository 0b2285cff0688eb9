using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>How to decode a text.</summary>
/// <param name="Encoding">Throws on bytes that it cannot decode, and writes no byte order mark.</param>
/// <param name="MarkLength">Length of its byte order mark in bytes; 0 without one.</param>
internal readonly record struct TextEncoding(Encoding Encoding, int MarkLength)
{
    /// <summary>This many bytes are enough to recognise UTF-16 by its zeros.</summary>
    public const int SampleLength = 4096;

    // Number of characters of the shortest date with its time.
    private const int DateLength = 12;

    /// <summary>
    /// Recognises the encoding by the byte order mark; without one, by the zeros of Latin letters, digits and spaces in UTF-16: UTF-8 has
    /// none.
    /// </summary>
    public static TextEncoding Detect(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            return new TextEncoding(Utf8(), 3);
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE, 0, 0]))
            return new TextEncoding(new UTF32Encoding(bigEndian: false, byteOrderMark: false, throwOnInvalidCharacters: true), 4);
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]))
            return new TextEncoding(Utf16(bigEndian: false), 2);
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            return new TextEncoding(Utf16(bigEndian: true), 2);

        // An export begins with a date: emoji may follow, and half of their units end in zeros as well.
        var (even, odd) = Zeros(start[..Math.Min(start.Length, DateLength * 2)]);
        if (Math.Max(even, odd) >= DateLength * 3 / 4 && Math.Min(even, odd) == 0)
            return new TextEncoding(Utf16(bigEndian: even > odd), 0);
        var pairs = Math.Min(start.Length, SampleLength) / 2;
        (even, odd) = Zeros(start[..(pairs * 2)]);
        return IsWide(odd, even, pairs) ? new TextEncoding(Utf16(bigEndian: false), 0)
            : IsWide(even, odd, pairs) ? new TextEncoding(Utf16(bigEndian: true), 0)
            : new TextEncoding(Utf8(), 0);
    }

    private static (int Even, int Odd) Zeros(ReadOnlySpan<byte> bytes)
    {
        var (even, odd) = (0, 0);
        for (var i = 0; i + 1 < bytes.Length; i += 2)
        {
            even += bytes[i] == 0 ? 1 : 0;
            odd += bytes[i + 1] == 0 ? 1 : 0;
        }

        return (even, odd);
    }

    // At least a tenth of the characters: a header of digits and spaces precedes even the shortest message in Chinese.
    private static bool IsWide(int high, int low, int pairs) => high >= 4 && high * 10 >= pairs && low * 8 <= high;

    private static UTF8Encoding Utf8() => new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static UnicodeEncoding Utf16(bool bigEndian) => new(bigEndian, byteOrderMark: false, throwOnInvalidBytes: true);
}
