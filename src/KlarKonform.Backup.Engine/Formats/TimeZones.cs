using NodaTime;
using NodaTime.TimeZones;

namespace KlarKonform.Backup.Engine.Formats;

/// <summary>Maps Exchange's time zone names to IANA's, using NodaTime's own data: the same on every machine.</summary>
internal static class TimeZones
{
    /// <summary>The zone of a Windows or IANA name, or null for one that only Exchange knows ("tzone://Microsoft/Custom").</summary>
    public static DateTimeZone? Find(string name)
    {
        var id = TzdbDateTimeZoneSource.Default.WindowsMapping.PrimaryMapping.TryGetValue(name, out var mapped) ? mapped : name;
        return DateTimeZoneProviders.Tzdb.GetZoneOrNull(id);
    }

    /// <summary>Whether a zone is UTC under any of its names.</summary>
    public static bool IsUtc(DateTimeZone zone) => zone.Id is "UTC" or "Etc/UTC" or "Etc/GMT" or "GMT";
}
