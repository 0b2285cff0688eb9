using NodaTime;
using NodaTime.TimeZones;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>Exchange's time zone names in IANA's terms, out of NodaTime's own data: the same on every machine.</summary>
internal static class TimeZones
{
    /// <summary>The zone of a Windows or IANA name, or null for one that nobody else knows ("tzone://Microsoft/Custom").</summary>
    public static DateTimeZone? Find(string name)
    {
        var id = TzdbDateTimeZoneSource.Default.WindowsMapping.PrimaryMapping.TryGetValue(name, out var mapped) ? mapped : name;
        return DateTimeZoneProviders.Tzdb.GetZoneOrNull(id);
    }

    /// <summary>Whether a zone is UTC by one of its names.</summary>
    public static bool IsUtc(DateTimeZone zone) => zone.Id is "UTC" or "Etc/UTC" or "Etc/GMT" or "GMT";
}
