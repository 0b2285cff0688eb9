using System.Globalization;
using System.Text.Json;
using Ical.Net.DataTypes;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>
/// The iCalendar files as read by other programs: Ical.Net, and python-icalendar with dateutil, which are independent of each other.
/// </summary>
public sealed class CalendarFileTests
{
    private static readonly SourceSettings s_calendar = new() { Calendar = new SourceSelection() };

    [Fact]
    public async Task A_weekly_series_over_the_change_of_the_clocks_keeps_its_hour_its_exception_and_its_gap()
    {
        PythonReader.Require();
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 0,
                FilesPerUser = 0,
                EventsPerUser = 0,
            },
            sources: s_calendar
        );
        scenario.Tenant.Change(
            (model, _) =>
            {
                // 9:00 in Berlin: 8:00 UTC in winter, 7:00 UTC in summer, from 29 March 2026 on.
                var series = Event(
                    model,
                    "serie00001",
                    new DateTime(2026, 3, 9, 8, 0, 0),
                    new DemoRecurrence("weekly", 1, ["monday"], "endDate", new DateOnly(2026, 3, 9)) { End = new DateOnly(2026, 4, 20) }
                );
                series.Exceptions.Add(
                    new DemoEvent
                    {
                        Id = "AAkEvtausnahm01",
                        CalendarId = series.CalendarId,
                        Subject = "verlegt",
                        Start = new DateTime(2026, 3, 17, 13, 0, 0),
                        End = new DateTime(2026, 3, 17, 14, 0, 0),
                        OriginalStart = new DateTime(2026, 3, 16, 8, 0, 0),
                    }
                );
                series.Cancelled.Add(new DateOnly(2026, 4, 6));
            }
        );
        var (ical, python) = await ReadAsync(scenario);
        string[] expected =
        [
            "2026-03-09T08:00:00Z",
            "2026-03-17T13:00:00Z",
            "2026-03-23T08:00:00Z",
            "2026-03-30T07:00:00Z",
            "2026-04-13T07:00:00Z",
            "2026-04-20T07:00:00Z",
        ];
        Assert.Equal(expected, Assert.Single(ical));
        Assert.Equal(expected, Occurrences(Assert.Single(python)));
        Assert.Equal(["Europe/Berlin"], Assert.Single(python).GetProperty("zones").EnumerateArray().Select(zone => zone.GetString()));
    }

    [Fact]
    public async Task An_all_day_series_knows_dates_and_no_hours()
    {
        PythonReader.Require();
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 1,
                MailsPerUser = 0,
                FilesPerUser = 0,
                EventsPerUser = 0,
            },
            sources: s_calendar
        );
        scenario.Tenant.Change(
            (model, _) =>
                Event(
                    model,
                    "geburtst01",
                    new DateTime(2026, 2, 28),
                    new DemoRecurrence("absoluteYearly", 1, [], "numbered", new DateOnly(2026, 2, 28))
                    {
                        DayOfMonth = 28,
                        Month = 2,
                        Count = 3,
                    },
                    allDay: true
                )
                    .Cancelled.Add(new DateOnly(2027, 2, 28))
        );
        var (ical, python) = await ReadAsync(scenario);
        Assert.Equal(["2026-02-28", "2028-02-28"], Assert.Single(ical));
        Assert.Equal(["2026-02-28", "2028-02-28"], Occurrences(Assert.Single(python)));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Both_readers_see_the_same_occurrences_in_everything_that_a_tenant_holds(int seed)
    {
        PythonReader.Require();
        await using var scenario = await BackupScenario.StartAsync(
            new TenantSizes
            {
                Users = 2,
                MailsPerUser = 0,
                FilesPerUser = 0,
                EventsPerUser = 60,
                Seed = seed,
            },
            sources: s_calendar
        );
        var (ical, python) = await ReadAsync(scenario);
        Assert.Equal(scenario.Tenant.Model.Users.Sum(user => user.Mailbox!.Events.Count), python.Count);
        for (var i = 0; i < python.Count; i++)
            Assert.Equal(Occurrences(python[i]).Take(50), ical[i].Take(50));
        var summaries = python
            .SelectMany(file => file.GetProperty("events").EnumerateArray())
            .Select(each => each.GetProperty("summary").GetString()!.ReplaceLineEndings("\n"))
            .Distinct()
            .ToHashSet();
        Assert.Contains("Quartalsplanung, Teil 2; Raum frei", summaries);
        Assert.Contains("Kündigungsgespräch\nvertraulich", summaries);
    }

    private static DemoEvent Event(DemoTenantModel model, string id, DateTime start, DemoRecurrence recurrence, bool allDay = false)
    {
        var mailbox = model.Users[0].Mailbox!;
        var added = new DemoEvent
        {
            Id = "AAkEvt" + id,
            CalendarId = mailbox.Calendars.Values.First().Id,
            Subject = "Jour fixe",
            Start = start,
            End = allDay ? start.AddDays(1) : start.AddMinutes(30),
            IsAllDay = allDay,
            Recurrence = recurrence,
            Attendees = [("Björn; Chef", "bjoern@demo.example", "required", "accepted")],
        };
        mailbox.Events.Add(added.Id, added);
        return added;
    }

    // How each of the two readers interprets every file, in the same order.
    private static async Task<(IReadOnlyList<IReadOnlyList<string>> Ical, IReadOnlyList<JsonElement> Python)> ReadAsync(
        BackupScenario scenario
    )
    {
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        using var target = new TemporaryFolder();
        await foreach (
            var item in scenario.Engine.RestoreAsync(
                "Test",
                new RestoreRequest { Paths = ["/Exchange"], Destination = target.Path },
                scenario,
                scenario,
                default
            )
        )
            Assert.Equal("Restored", item.Status);
        var files = Directory.EnumerateFiles(target.Path, "*.ics", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        return ([.. files.Select(ReadWithIcalNet)], PythonReader.Read("read_calendar.py", files));
    }

    private static IReadOnlyList<string> ReadWithIcalNet(string file)
    {
        var calendar = Ical.Net.Calendar.Load(File.ReadAllText(file))!;
        return
        [
            .. calendar
                .GetOccurrences(new CalDateTime(2025, 1, 1))
                .Take(400)
                .Select(occurrence => Text(occurrence.Period.StartTime))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static string Text(CalDateTime moment) =>
        moment.HasTime
            ? moment.AsUtc.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : moment.Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    // python-icalendar returns masters and exceptions; an exception replaces the occurrence named in its RECURRENCE-ID.
    private static IReadOnlyList<string> Occurrences(JsonElement file)
    {
        var events = file.GetProperty("events").EnumerateArray().ToArray();
        var replaced = events.Select(each => each.GetProperty("recurrenceId").GetString()).ToHashSet();
        return
        [
            .. events
                .SelectMany(each =>
                    each.GetProperty("occurrences")
                        .EnumerateArray()
                        .Select(moment => moment.GetString()!)
                        .Where(moment => each.GetProperty("recurrenceId").GetString() is not null || !replaced.Contains(moment))
                )
                .Order(StringComparer.Ordinal),
        ];
    }
}
