using System.Globalization;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>Sizes as people read them.</summary>
internal static class ByteText
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>Such as <c>1.5 GiB</c>, with the culture's decimal point.</summary>
    public static string Of(long bytes)
    {
        var (value, unit) = ((double)Math.Max(0, bytes), 0);
        for (; value >= 1000 && unit < s_units.Length - 1; unit++)
            value /= 1024;
        return string.Create(CultureInfo.CurrentCulture, $"{value.ToString(unit == 0 || value >= 100 ? "0" : "0.0", CultureInfo.CurrentCulture)} {s_units[unit]}");
    }
}
