using System.Globalization;

namespace KlarKonform.Backup.Repository.Json;

/// <summary>A point in time with nanoseconds and its offset, so that what restic wrote is written back unchanged.</summary>
/// <param name="Moment">The time, to the tick (100 ns).</param>
/// <param name="ExtraNanoseconds">0–99 nanoseconds that a tick cannot hold.</param>
public readonly record struct NanoTime(DateTimeOffset Moment, int ExtraNanoseconds)
{
    /// <summary>Wraps a .NET time.</summary>
    public static NanoTime From(DateTimeOffset moment) => new(moment, 0);

    /// <summary>Reads RFC 3339 with up to nine fractional digits.</summary>
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
        return new NanoTime(ParseWhole(text[..dot] + text[end..]).AddTicks(nanoseconds / 100), nanoseconds % 100);
    }

    /// <summary>Go's RFC3339Nano: trailing zeros of the fraction are cut, UTC is <c>Z</c>.</summary>
    public override string ToString()
    {
        var nanoseconds = ((Moment.Ticks % TimeSpan.TicksPerSecond) * 100) + ExtraNanoseconds;
        var fraction = nanoseconds == 0 ? "" : "." + nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
        var offset = Moment.Offset == TimeSpan.Zero ? "Z" : Moment.ToString("zzz", CultureInfo.InvariantCulture);
        return Moment.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + fraction + offset;
    }

    // DateTimeOffset starts in year 1; Go's zero time is that very moment.
    private static DateTimeOffset ParseWhole(string text) =>
        DateTimeOffset.ParseExact(text, "yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
