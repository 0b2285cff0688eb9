using System.Globalization;

namespace KlarKonform.Backup.Repository.Json;

/// <summary>A point in time with nanoseconds and its offset, so that what restic wrote is written back unchanged.</summary>
/// <param name="Moment">The time, to the tick (100 ns).</param>
/// <param name="ExtraNanoseconds">0–99 nanoseconds that a tick cannot hold.</param>
public readonly record struct NanoTime(DateTimeOffset Moment, int ExtraNanoseconds)
{
    /// <summary>Wraps a .NET time.</summary>
    public static NanoTime From(DateTimeOffset moment) => new(moment, 0);

    /// <summary>Reads RFC 3339 with up to nine fractional digits. Times that .NET cannot hold become the nearest that it can.</summary>
    /// <exception cref="FormatException">The text is no such time.</exception>
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

        // At the end of what .NET holds there is no room for a fraction.
        return Math.Max(whole.Ticks, whole.UtcTicks) > DateTimeOffset.MaxValue.Ticks - (nanoseconds / 100)
            ? From(whole)
            : new NanoTime(whole.AddTicks(nanoseconds / 100), nanoseconds % 100);
    }

    /// <summary>Go's RFC3339Nano: trailing zeros of the fraction are cut, UTC is <c>Z</c>.</summary>
    public override string ToString()
    {
        var nanoseconds = ((Moment.Ticks % TimeSpan.TicksPerSecond) * 100) + ExtraNanoseconds;
        var fraction = nanoseconds == 0 ? "" : "." + nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
        var offset = Moment.Offset == TimeSpan.Zero ? "Z" : Moment.ToString("zzz", CultureInfo.InvariantCulture);
        return Moment.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + fraction + offset;
    }

    // Go holds more than .NET does: year 0, offsets of nearly a day, the first hours of year 1 east of Greenwich.
    private static DateTimeOffset ParseWhole(string text)
    {
        const string form = "yyyy-MM-dd'T'HH:mm:ss";
        const int length = 19;
        var invariant = CultureInfo.InvariantCulture;
        if (DateTimeOffset.TryParseExact(text, form + "K", invariant, DateTimeStyles.AssumeUniversal, out var moment))
            return moment;
        if (text.Length == length + 6 && text[length] is '+' or '-'
            && TimeSpan.TryParseExact(text[(length + 1)..], "hh\\:mm", invariant, out var offset)
            && DateTime.TryParseExact(text[..length], form, invariant, DateTimeStyles.None, out var there))
        {
            var ticks = there.Ticks - (text[length] == '-' ? -offset.Ticks : offset.Ticks);
            return new DateTimeOffset(Math.Clamp(ticks, DateTimeOffset.MinValue.Ticks, DateTimeOffset.MaxValue.Ticks), TimeSpan.Zero);
        }

        // A leap year: so is year 0.
        if (text.StartsWith("0000-", StringComparison.Ordinal))
        {
            ParseWhole("2000" + text[4..]);
            return DateTimeOffset.MinValue;
        }

        throw new FormatException($"'{text}' is no time.");
    }
}
