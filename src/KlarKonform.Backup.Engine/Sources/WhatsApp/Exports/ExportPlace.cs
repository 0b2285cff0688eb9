using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.WhatsApp.Exports;
using NodaTime;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>What all exports of a place share.</summary>
internal sealed class ExportPlace(WhatsAppExportSettings settings, DeletedMessagesPolicy deleted, ChatMatcher matcher)
{
    private readonly DateTimeZone _zone = settings.TimeZone is { } name
        ? TimeZones.Find(name)!
        : DateTimeZoneProviders.Tzdb.GetZoneOrNull(TimeZoneInfo.Local.Id) ?? TimeZones.Find(TimeZoneInfo.Local.Id) ?? DateTimeZone.Utc;

    public WhatsAppExportSettings Settings => settings;

    public DeletedMessagesPolicy Deleted => deleted;

    public ChatMatcher Matcher => matcher;

    /// <summary>Order of day and month, if the admin has specified it.</summary>
    public DateOrder? Order { get; } = settings.DateOrder is { } order ? Enum.Parse<DateOrder>(order) : null;

    /// <summary>A telephone's wall-clock time as an instant. For an hour that is skipped or repeated, the earlier one is used.</summary>
    public DateTimeOffset ToUtc(DateTime local) =>
        LocalDateTime.FromDateTime(local).InZoneLeniently(_zone).ToDateTimeOffset().ToUniversalTime();
}
