using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace KlarKonform.Backup.Repository.Json;

/// <summary>A point in time with nanoseconds and its offset, so that what restic wrote is written back unchanged.</summary>
/// <param name="Moment">The time, to the tick (100 ns).</param>
/// <param name="ExtraNanoseconds">0–99 nanoseconds that a tick cannot represent.</param>
public readonly record struct NanoTime(DateTimeOffset Moment, int ExtraNanoseconds)
{
    /// <summary>Maximum length of the text in bytes.</summary>
    internal const int MaxLength = 35;

    /// <summary>Wraps a .NET time.</summary>
    public static NanoTime From(DateTimeOffset moment) => new(moment, 0);

    /// <summary>
    /// Reads RFC 3339 with up to nine fractional digits. Times that .NET cannot represent become the nearest one that it can.
    /// </summary>
    /// <exception cref="FormatException">The text is not such a time.</exception>
    public static NanoTime Parse(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
            return From(ParseWhole(text));
        var end = dot + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        var digits = text[(dot + 1)..end].PadRight(9, '0')[..9];
        var nanoseconds = int.Parse(digits, CultureInfo.InvariantCulture);
        var whole = ParseWhole(text[..dot] + text[end..]);

        // At the limit of .NET's range there is no room for a fraction.
        return Math.Max(whole.Ticks, whole.UtcTicks) > DateTimeOffset.MaxValue.Ticks - (nanoseconds / 100)
            ? From(whole)
            : new NanoTime(whole.AddTicks(nanoseconds / 100), nanoseconds % 100);
    }

    /// <summary>Go's RFC3339Nano: trailing zeros of the fraction are cut, UTC is <c>Z</c>.</summary>
    public override string ToString()
    {
        Span<byte> utf8 = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(utf8[..Format(utf8)]);
    }

    /// <summary>
    /// Writes the text into at least <see cref="MaxLength"/> bytes and returns its length: a tree has three times per node.
    /// </summary>
    internal int Format(Span<byte> utf8)
    {
        Moment.TryFormat(utf8, out var length, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        var nanoseconds = ((Moment.Ticks % TimeSpan.TicksPerSecond) * 100) + ExtraNanoseconds;
        if (nanoseconds != 0)
        {
            utf8[length++] = (byte)'.';
            Utf8Formatter.TryFormat(nanoseconds, utf8[length..], out var digits, new StandardFormat('D', 9));
            for (length += digits; utf8[length - 1] == '0'; length--) { }
        }

        if (Moment.Offset == TimeSpan.Zero)
        {
            utf8[length] = (byte)'Z';
            return length + 1;
        }

        Moment.TryFormat(utf8[length..], out var offset, "zzz", CultureInfo.InvariantCulture);
        return length + offset;
    }

    // Go represents more than .NET does: year 0, offsets of nearly a day, the first hours of year 1 east of Greenwich.
    private static DateTimeOffset ParseWhole(string text)
    {
        const string form = "yyyy-MM-dd'T'HH:mm:ss";
        const int length = 19;
        var invariant = CultureInfo.InvariantCulture;
        if (DateTimeOffset.TryParseExact(text, form + "K", invariant, DateTimeStyles.AssumeUniversal, out var moment))
            return moment;
        if (
            text.Length == length + 6
            && text[length] is '+' or '-'
            && TimeSpan.TryParseExact(text[(length + 1)..], "hh\\:mm", invariant, out var offset)
            && DateTime.TryParseExact(text[..length], form, invariant, DateTimeStyles.None, out var there)
        )
        {
            var ticks = there.Ticks - (text[length] == '-' ? -offset.Ticks : offset.Ticks);
            return new DateTimeOffset(Math.Clamp(ticks, DateTimeOffset.MinValue.Ticks, DateTimeOffset.MaxValue.Ticks), TimeSpan.Zero);
        }

        // A leap year, like year 0.
        if (text.StartsWith("0000-", StringComparison.Ordinal))
        {
            ParseWhole("2000" + text[4..]);
            return DateTimeOffset.MinValue;
        }

        throw new FormatException($"'{text}' is no time.");
    }
}
