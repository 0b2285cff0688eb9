using KlarKonform.Backup.DemoTenant.Model;
using NodaTime;
using NodaTime.TimeZones;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>Calendars with single events, series with exceptions and cancelled occurrences, attachments.</summary>
public sealed class CalendarGenerator
{
    private static readonly string[] s_subjects =
    [
        "Jour fixe",
        "Übergabe: Projekt Süd/Nord",
        "Zahnarzt",
        "Quartalsplanung, Teil 2; Raum frei",
        "Kündigungsgespräch\r\nvertraulich",
        "🎄 Feier",
        "",
    ];
    private static readonly string[] s_zones =
    [
        "W. Europe Standard Time",
        "Pacific Standard Time",
        "UTC",
        "tzone://Microsoft/Custom",
        "Europe/Lisbon",
    ];

    private readonly GeneratorState _state;

    internal CalendarGenerator(GeneratorState state) => _state = state;

    /// <summary>A default calendar, another one with almost the same name, and some events in each.</summary>
    public void Fill(DemoUser user)
    {
        var mailbox = user.Mailbox!;
        foreach (var (name, main) in ((string, bool)[])[("Kalender", true), ("kalender", false), ("Feiertage in Deutschland", false)])
        {
            var calendar = new DemoCalendar
            {
                Id = _state.Id("AQCal"),
                Name = name,
                IsDefault = main,
            };
            mailbox.Calendars.Add(calendar.Id, calendar);
        }

        for (var i = 0; i < _state.Sizes.EventsPerUser; i++)
            Add(user);
    }

    public DemoEvent Add(DemoUser user)
    {
        var mailbox = user.Mailbox!;
        var calendars = mailbox.Calendars.Values.SkipLast(1).ToArray(); // The last one stays empty.
        var allDay = _state.Random.Next(5) == 0;
        var day = new DateTime(_state.Sizes.Year, 1, 5).AddDays(_state.Random.Next(300));
        var start = allDay ? day : day.AddMinutes(15 * _state.Random.Next(28, 72));
        var added = new DemoEvent
        {
            Id = _state.Id("AAkEvt"),
            CalendarId = _state.Pick(calendars).Id,
            Subject = _state.Pick(s_subjects),
            Html = _state.Random.Next(2) == 0 ? "" : "<html><body><p>Tagesordnung: 1. Begrüßung, 2. Zahlen &amp; Ziele</p></body></html>",
            Start = start,
            End = allDay ? day.AddDays(1) : start.AddMinutes(30),
            IsAllDay = allDay,
            IsOnline = _state.Random.Next(3) == 0,
            Zone = _state.Pick(s_zones),
            ShowAs = _state.Pick<string>(["busy", "free", "tentative", "oof"]),
            Sensitivity = _state.Random.Next(4) == 0 ? "private" : "normal",
            Recurrence = _state.Random.Next(3) == 0 ? Recurrence(DateOnly.FromDateTime(day)) : null,
            Attendees =
                _state.Random.Next(2) == 0
                    ? []
                    :
                    [
                        ("Björn, „Chef“", "bjoern@demo.example", "required", "accepted"),
                        ("Raum 7", "raum7@demo.example", "resource", "none"),
                        ("Alt", "/O=DEMO/OU=EXCHANGE/CN=ALT", "optional", "declined"),
                    ],
            Attachments =
                _state.Random.Next(4) != 0
                    ? []
                    :
                    [
                        new DemoAttachment(
                            _state.Id("AT"),
                            "Plan: Süd?.pdf",
                            "application/pdf",
                            _state.Random.NextInt64(),
                            _state.Random.Next(100, 50_000)
                        ),
                        new DemoAttachment(_state.Id("AT"), "In der Cloud.docx", "application/octet-stream", 0, 0) { IsReference = true },
                    ],
        };
        mailbox.Events.Add(added.Id, added);
        if (added.Recurrence is not null)
            AddExceptions(added);
        return added;
    }

    /// <summary>Makes a random change; returns whether a backup has to read an event because of it.</summary>
    public void Change(DemoUser user)
    {
        var events = user.Mailbox!.Events.Values.ToArray();
        switch (events.Length == 0 ? 0 : _state.Random.Next(4))
        {
            case 0:
                Add(user);
                break;
            case 1:
                var changed = _state.Pick(events);
                changed.Subject = "verschoben " + _state.Random.Next(1000);
                changed.Start = changed.Start.AddDays(1);
                changed.End = changed.End.AddDays(1);
                changed.Version++;
                break;
            case 2:
                user.Mailbox.Events.Remove(_state.Pick(events).Id);
                break;
            default:
                var cancelled = _state.Pick(events);
                cancelled.IsCancelled = true;
                cancelled.Version++;
                break;
        }
    }

    private DemoRecurrence Recurrence(DateOnly start) =>
        _state.Random.Next(4) switch
        {
            0 => new DemoRecurrence("daily", 2, [], "numbered", start) { Count = 10 },
            1 => new DemoRecurrence("weekly", 1, [start.DayOfWeek.ToString().ToLowerInvariant()], "endDate", start)
            {
                End = start.AddDays(70),
            },
            2 => new DemoRecurrence("absoluteYearly", 1, [], "noEnd", start) { DayOfMonth = start.Day, Month = start.Month },
            _ => new DemoRecurrence("relativeMonthly", 1, [start.DayOfWeek.ToString().ToLowerInvariant()], "noEnd", start)
            {
                Index = ((start.Day - 1) / 7) switch
                {
                    0 => "first",
                    1 => "second",
                    2 => "third",
                    3 => "fourth",
                    _ => "last",
                },
            },
        };

    // The second occurrence of a weekly or daily series is moved, the third one cancelled.
    private void AddExceptions(DemoEvent series)
    {
        var days = series.Recurrence!.Type switch
        {
            "daily" => 2,
            "weekly" => 7,
            _ => 0,
        };
        if (days == 0)
            return;
        var original = Occurrence(series, days);
        series.Exceptions.Add(
            new DemoEvent
            {
                Id = _state.Id("AAkEvt"),
                CalendarId = series.CalendarId,
                Subject = series.Subject + " (verlegt)",
                Start = original.AddHours(series.IsAllDay ? 24 : 1),
                End = original.AddHours(series.IsAllDay ? 48 : 2),
                IsAllDay = series.IsAllDay,
                Zone = series.Zone,
                OriginalStart = original,
            }
        );
        series.Cancelled.Add(DateOnly.FromDateTime(Local(series, 2 * days).ToDateTimeUnspecified()));
    }

    // An occurrence keeps its hour in the zone of the series, whatever the clocks do.
    private static DateTime Occurrence(DemoEvent series, int days) =>
        series.IsAllDay ? series.Start.AddDays(days) : Zone(series).AtLeniently(Local(series, days)).ToDateTimeUtc();

    private static LocalDateTime Local(DemoEvent series, int days) =>
        series.IsAllDay
            ? LocalDateTime.FromDateTime(series.Start.AddDays(days))
            : Instant
                .FromDateTimeUtc(DateTime.SpecifyKind(series.Start, DateTimeKind.Utc))
                .InZone(Zone(series))
                .LocalDateTime.PlusDays(days);

    private static DateTimeZone Zone(DemoEvent series) =>
        DateTimeZoneProviders.Tzdb.GetZoneOrNull(
            TzdbDateTimeZoneSource.Default.WindowsMapping.PrimaryMapping.TryGetValue(series.Zone, out var id) ? id : series.Zone
        ) ?? DateTimeZone.Utc;
}
