using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace KlarKonform.Backup.Repository.Json;

/// <summary>
/// Text as Go's encoding/json and strconv write it. Tree blobs are named by the hash of their JSON, and tools that rewrite trees refuse one
/// that they cannot reproduce byte for byte.
/// </summary>
internal static class GoJson
{
    /// <summary>For files of which nobody compares the bytes: as readable as Go writes them.</summary>
    public static JsonSerializerOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Hex = "0123456789abcdef";

    /// <summary>
    /// Writes a JSON string with Go's escapes: <c>&lt; &gt; &amp;</c> and U+2028/2029 as \u, unpaired surrogates as U+FFFD.
    /// </summary>
    public static void WriteString(IBufferWriter<byte> target, ReadOnlySpan<char> text)
    {
        WriteByte(target, (byte)'"');
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '"' or '\\':
                    WriteByte(target, (byte)'\\');
                    WriteByte(target, (byte)rune.Value);
                    break;
                case '\n':
                    Write(target, "\\n"u8);
                    break;
                case '\r':
                    Write(target, "\\r"u8);
                    break;
                case '\t':
                    Write(target, "\\t"u8);
                    break;
                case '\b':
                    Write(target, "\\b"u8); // Like Go since 1.22.
                    break;
                case '\f':
                    Write(target, "\\f"u8);
                    break;
                case < 0x20 or '<' or '>' or '&':
                    Write(target, "\\u00"u8);
                    WriteByte(target, (byte)Hex[rune.Value >> 4]);
                    WriteByte(target, (byte)Hex[rune.Value & 15]);
                    break;
                case 0x2028:
                    Write(target, "\\u2028"u8);
                    break;
                case 0x2029:
                    Write(target, "\\u2029"u8);
                    break;
                default:
                    rune.TryEncodeToUtf8(target.GetSpan(4), out var length);
                    target.Advance(length);
                    break;
            }
        }

        WriteByte(target, (byte)'"');
    }

    /// <summary>strconv.Quote without the quotation marks: what restic does to node names before they become JSON.</summary>
    public static string Quote(string name)
    {
        if (IsPlain(name))
            return name;
        var quoted = new StringBuilder(name.Length + 8);
        foreach (var rune in name.EnumerateRunes())
        {
            var simple = rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\a' => "\\a",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\v' => "\\v",
                _ => null,
            };
            if (simple is not null)
                quoted.Append(simple);
            else if (PrintableRunes.Contains(rune.Value))
                quoted.Append(rune.ToString());
            else if (rune.Value is < 0x20 or 0x7f)
                quoted.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
            else if (rune.Value < 0x10000)
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else
                quoted.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
        }

        return quoted.ToString();
    }

    /// <summary>strconv.Unquote of a name without the quotation marks.</summary>
    /// <exception cref="FormatException">An escape is invalid.</exception>
    public static string Unquote(string quoted)
    {
        if (!quoted.Contains('\\', StringComparison.Ordinal))
            return quoted;
        var bytes = new ArrayBufferWriter<byte>(quoted.Length);
        for (var i = 0; i < quoted.Length; i++)
        {
            if (quoted[i] != '\\')
            {
                var end = i;
                while (end < quoted.Length && quoted[end] != '\\')
                    end++;
                Write(bytes, Encoding.UTF8.GetBytes(quoted[i..end]));
                i = end - 1;
                continue;
            }

            if (++i >= quoted.Length)
                throw new FormatException("A name ends in a broken escape.");
            switch (quoted[i])
            {
                case 'a':
                    WriteByte(bytes, 7);
                    break;
                case 'b':
                    WriteByte(bytes, 8);
                    break;
                case 'f':
                    WriteByte(bytes, 12);
                    break;
                case 'n':
                    WriteByte(bytes, 10);
                    break;
                case 'r':
                    WriteByte(bytes, 13);
                    break;
                case 't':
                    WriteByte(bytes, 9);
                    break;
                case 'v':
                    WriteByte(bytes, 11);
                    break;
                case 'x':
                    WriteByte(bytes, (byte)Number(quoted, i + 1, 2));
                    i += 2;
                    break;
                case 'u':
                    WriteRune(bytes, Number(quoted, i + 1, 4));
                    i += 4;
                    break;
                case 'U':
                    WriteRune(bytes, Number(quoted, i + 1, 8));
                    i += 8;
                    break;
                case '\\' or '"' or '\'':
                    WriteByte(bytes, (byte)quoted[i]);
                    break;
                default:
                    throw new FormatException("A name has an unknown escape.");
            }
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    public static void Write(IBufferWriter<byte> target, ReadOnlySpan<byte> text)
    {
        text.CopyTo(target.GetSpan(text.Length));
        target.Advance(text.Length);
    }

    public static void WriteByte(IBufferWriter<byte> target, byte value)
    {
        target.GetSpan(1)[0] = value;
        target.Advance(1);
    }

    public static void WriteNumber(IBufferWriter<byte> target, ulong value)
    {
        Utf8Formatter.TryFormat(value, target.GetSpan(20), out var written);
        target.Advance(written);
    }

    public static void WriteBase64(IBufferWriter<byte> target, ReadOnlySpan<byte> value)
    {
        WriteByte(target, (byte)'"');
        Base64.EncodeToUtf8(value, target.GetSpan(Base64.GetMaxEncodedToUtf8Length(value.Length)), out _, out var written);
        target.Advance(written);
        WriteByte(target, (byte)'"');
    }

    private static bool IsPlain(string name)
    {
        foreach (var character in name)
        {
            if (character is < ' ' or > '~' or '"' or '\\')
                return false;
        }

        return true;
    }

    private static uint Number(string text, int start, int digits) =>
        start + digits <= text.Length
        && uint.TryParse(text.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException("A name has a broken escape.");

    private static void WriteRune(ArrayBufferWriter<byte> target, uint value)
    {
        if (!Rune.TryCreate((int)value, out var rune))
            throw new FormatException("A name has an impossible character.");
        rune.TryEncodeToUtf8(target.GetSpan(4), out var length);
        target.Advance(length);
    }
}
