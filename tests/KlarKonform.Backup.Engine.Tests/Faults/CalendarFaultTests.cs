using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;
using static KlarKonform.Backup.Engine.Tests.Faults.OddTenant;

namespace KlarKonform.Backup.Engine.Tests.Faults;

/// <summary>An odd event, an attachment or a calendar that cannot be read affects only itself.</summary>
public sealed class CalendarFaultTests
{
    private static readonly string[] s_zones =
    [
        "W. Europe Standard Time",
        "Pacific Standard Time",
        "Tokyo Standard Time",
        "Line Islands Standard Time",
        "Dateline Standard Time",
        "UTC",
        "tzone://Microsoft/Custom",
    ];

    [Fact]
    public async Task Events_years_ahead_of_the_clock_are_backed_up_with_their_calendar_files_in_every_zone()
    {
        await using var scenario = await StartAsync(Calendar);
        var today = DateTime.UtcNow.Date;
        scenario.Tenant.Change(
            (_, _) =>
            {
                foreach (var zone in s_zones)
                {
                    foreach (var years in (int[])[1, 2, 10, 100])
                    {
                        var start = today.AddDays(2).AddYears(years).AddHours(9);
                        scenario.Mailbox().AddEvent($"Reisepass {years}", start, start.AddHours(1), zone);
                        scenario
                            .Mailbox()
                            .AddEvent(
                                $"Reihe {years}",
                                start,
                                start.AddHours(1),
                                zone,
                                new DemoRecurrence("weekly", 1, ["monday"], "numbered", DateOnly.FromDateTime(start)) { Count = 5 }
                            );
                    }
                }
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Events_at_the_ends_of_the_calendar_are_backed_up_like_others()
    {
        await using var scenario = await StartAsync(Calendar);
        scenario.Tenant.Change(
            (_, _) =>
            {
                foreach (var zone in s_zones)
                {
                    foreach (var start in (DateTime[])[new(1, 1, 1), new(1601, 1, 1), new(4501, 1, 1), new(9999, 12, 31, 23, 0, 0)])
                    {
                        scenario.Mailbox().AddEvent("Weit weg", start, start.AddMinutes(30), zone);
                        scenario
                            .Mailbox()
                            .AddEvent(
                                "Weit weg, täglich",
                                start,
                                start.AddMinutes(30),
                                zone,
                                new DemoRecurrence("daily", 1, [], "noEnd", DateOnly.FromDateTime(start))
                            );
                    }

                    scenario.Mailbox().AddEvent("Ganztägig", new DateTime(9999, 12, 30), new DateTime(9999, 12, 31), zone, isAllDay: true);
                }
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal("", string.Join('\n', run.RetryList.Select(each => $"{each.Name} {each.Code} {each.Message}")));
        Assert.Equal(BackupState.Succeeded, run.Status);
        await scenario.AssertSnapshotEqualsTenantAsync();
    }

    [Fact]
    public async Task Odd_events_cost_themselves_alone_and_are_as_they_should_be_once_the_answers_are()
    {
        await using var scenario = await StartAsync(Calendar);
        var odd = new Dictionary<string, (string What, Action<JsonObject> Change)>();
        scenario.Tenant.Change(
            (_, _) =>
            {
                var day = DateTime.UtcNow.Date.AddDays(-30).AddHours(9);
                void Add(string what, DemoRecurrence? recurrence, Action<JsonObject> change)
                {
                    var added = scenario.Mailbox().AddEvent("Seltsam: " + what, day, day.AddHours(1), recurrence: recurrence);
                    if (recurrence is not null)
                        added.Exceptions.Add(
                            new DemoEvent
                            {
                                Id = added.Id + "Ausn",
                                CalendarId = added.CalendarId,
                                Subject = "Verlegt",
                                Start = day.AddDays(1),
                                End = day.AddDays(1).AddHours(1),
                                OriginalStart = day,
                            }
                        );
                    odd[added.Id] = (what, change);
                }

                var start = DateOnly.FromDateTime(day);
                var weekly = new DemoRecurrence("weekly", 1, ["monday"], "numbered", start) { Count = 5 };
                void Exception(string what, Action<JsonObject> change) =>
                    Add(
                        what,
                        weekly,
                        each =>
                        {
                            if (each["exceptionOccurrences"] is JsonArray { Count: > 0 } all)
                                change(all[0]!.AsObject());
                        }
                    );
                void Pattern(string what, Action<JsonObject> change) =>
                    Add(
                        what,
                        weekly,
                        each =>
                        {
                            if (each["recurrence"] is JsonObject found)
                                change(found["pattern"]!.AsObject());
                        }
                    );
                void Range(string what, Action<JsonObject> change) =>
                    Add(
                        what,
                        weekly,
                        each =>
                        {
                            if (each["recurrence"] is JsonObject found)
                                change(found["range"]!.AsObject());
                        }
                    );
                Exception("originalStart null", each => each["originalStart"] = null);
                Exception("originalStart fehlt", each => each.Remove("originalStart"));
                Exception("originalStart kein Datum", each => each["originalStart"] = "gestern");
                Exception("Ausnahme ohne Beginn", each => each["start"] = null);
                Pattern("wöchentlich ohne Tage", each => each["daysOfWeek"] = new JsonArray());
                Pattern("unbekannter Tag", each => each["daysOfWeek"] = new JsonArray("caturday"));
                Pattern("Monat null", each => each["month"] = null);
                Pattern("Intervall null", each => each["interval"] = 0);
                Pattern("Intervall als Text", each => each["interval"] = "zwei");
                Pattern("monatlich am nullten", each => (each["type"], each["dayOfMonth"]) = ("absoluteMonthly", 0));
                Pattern("jährlich im Monat 0", each => (each["type"], each["month"], each["dayOfMonth"]) = ("absoluteYearly", 0, 5));
                Pattern("unbekannte Art", each => each["type"] = "lunar");
                Range("null Mal", each => each["numberOfOccurrences"] = 0);
                Range("Ende ohne Datum", each => (each["type"], each["endDate"]) = ("endDate", null));
                Range("Zone null", each => each["recurrenceTimeZone"] = null);
                Range("Zone halb", each => each["recurrenceTimeZone"] = DemoAnswer.HalfSurrogate);
                Add("Erinnerung null", null, each => each["reminderMinutesBeforeStart"] = null);
                Add("Erinnerung als Text", null, each => each["reminderMinutesBeforeStart"] = "bald");
                Add(
                    "Beginn Jahr 1",
                    null,
                    each => each["start"] = new JsonObject { ["dateTime"] = "0001-01-01T00:00:00.0000000", ["timeZone"] = "UTC" }
                );
                Add(
                    "Ende 9999",
                    null,
                    each => each["end"] = new JsonObject { ["dateTime"] = "9999-12-31T23:59:59.9999999", ["timeZone"] = "UTC" }
                );
                Add("Beginn fehlt", null, each => each.Remove("start"));
                Add("Beginn kein Datum", null, each => each["start"] = "morgen");
                Add("halbe Vorschau", null, each => each["bodyPreview"] = "abc " + DemoAnswer.HalfSurrogate);
                Add("halber Betreff", null, each => each["subject"] = "abc " + DemoAnswer.HalfSurrogate);
                Add("Teilnehmer null", null, each => each["attendees"] = null);
                Add(
                    "Teilnehmer krumm",
                    null,
                    each => each["attendees"] = new JsonArray(null, "wer", new JsonObject { ["status"] = "ja", ["emailAddress"] = null })
                );
                Add("Ort als Text", null, each => each["location"] = "Raum 7");
            }
        );
        scenario.Tenant.ChangeAnswers(answer =>
            answer.ChangeEntries(each =>
            {
                if (each["id"] is { } id && odd.TryGetValue(id.ToString(), out var found))
                    found.Change(each);
            })
        );
        var run = await scenario.RunAsync();
        Assert.True(run.Status is BackupState.Succeeded or BackupState.Partial, run.Error);
        Assert.NotEmpty(run.RetryList);
        Assert.All(
            run.RetryList,
            failure =>
                Assert.True(
                    failure.IsStored && odd.ContainsKey(failure.ItemId),
                    $"{failure.Name}: {failure.Level} {failure.Code} {failure.Message}"
                )
        );
        using (var restored = await scenario.RestoreAsync())
        {
            var files = restored
                .Find("/Calendar/")
                .Where(file => file.EndsWith(".json", StringComparison.Ordinal))
                .Select(file => JsonNode.Parse(File.ReadAllBytes(file))!["event"]!["id"]!.ToString())
                .ToHashSet();
            Assert.Equal("", string.Join(", ", odd.Where(each => !files.Contains(each.Key)).Select(each => each.Value.What)));
            Assert.Equal(scenario.Tenant.Model.Users.Sum(user => user.Mailbox?.Events.Count ?? 0), files.Count);
        }

        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData(404, "ErrorItemNotFound")]
    [InlineData(400, "ErrorInvalidAttachmentId")]
    [InlineData(500, "ErrorInternalServerError")]
    public async Task An_attachment_that_is_listed_and_cannot_be_had_is_named_and_its_event_stored(int status, string code)
    {
        await using var scenario = await StartAsync(Calendar);
        var (lost, kept) = (
            new DemoAttachment("ATverloren", "leer.eml", "application/octet-stream", 1, 700),
            new DemoAttachment("ATda", "Protokoll.pdf", "application/pdf", 2, 900)
        );
        var day = DateTime.UtcNow.Date.AddDays(3).AddHours(9);
        scenario.Tenant.Change((_, _) => scenario.Mailbox().AddEvent("Mit zwei Anlagen", day, day.AddHours(1), attachments: [lost, kept]));
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.Contains("/attachments/ATverloren", StringComparison.Ordinal))
                answer.Fail(status, code);
        });
        var failure = AssertOneFailure(await scenario.RunAsync(), FailureLevel.Extra);
        Assert.Equal((true, "Mit zwei Anlagen"), (failure.IsStored, failure.Name));
        Assert.Contains("leer.eml", failure.Message, StringComparison.Ordinal);
        using (var restored = await scenario.RestoreAsync())
        {
            var file = Assert.Single(restored.Find("Mit zwei Anlagen"), each => each.EndsWith("Protokoll.pdf", StringComparison.Ordinal));
            Assert.Equal(SeededContent.Bytes(kept.Seed, kept.Size), File.ReadAllBytes(file));
            Assert.Single(restored.Find("Mit zwei Anlagen"), each => each.EndsWith(".json", StringComparison.Ordinal));
        }

        await scenario.AssertHealsAsync();
    }

    [Theory]
    [InlineData(500, "ErrorInternalServerTransientError")]
    [InlineData(403, "ErrorAccessDenied")]
    [InlineData(404, "ErrorItemNotFound")]
    public async Task A_calendar_that_is_always_refused_is_named_and_the_others_are_complete(int status, string code)
    {
        await using var scenario = await StartAsync(Calendar);
        var refused = scenario.Mailbox().Calendars.Values.First();
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.EndsWith($"/calendars/{refused.Id}/events", StringComparison.Ordinal))
                answer.Fail(status, code);
        });
        for (var i = 0; i < 2; i++)
        {
            var failure = AssertOneFailure(await scenario.RunAsync(), FailureLevel.Part);
            Assert.Equal(refused.Name, failure.Name);
        }

        var expected = scenario
            .Tenant.Model.Users.Where(user => user.Mailbox is not null)
            .SelectMany(user => user.Mailbox!.Events.Values)
            .Where(each => each.CalendarId != refused.Id)
            .Select(each => each.Id);
        var stored = await StoredItem.ReadAllAsync(scenario.Folder["repository"], BackupScenario.Password);
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            stored
                .Where(each => each.Path.EndsWith(".json", StringComparison.Ordinal))
                .Select(each => each.Id)
                .Order(StringComparer.Ordinal)
        );
        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task Attachments_of_changed_occurrences_are_in_the_snapshot_and_named_with_their_occurrence()
    {
        await using var scenario = await StartAsync(Calendar);
        var protocol = new DemoAttachment("ATausnahme", "Protokoll.pdf", "application/pdf", 7, 1200);
        var day = DateTime.UtcNow.Date.AddDays(-14).AddHours(9);
        DemoEvent exception = null!;
        scenario.Tenant.Change(
            (_, _) =>
            {
                var series = scenario
                    .Mailbox()
                    .AddEvent(
                        "Jour fixe mit Protokoll",
                        day,
                        day.AddHours(1),
                        recurrence: new DemoRecurrence("daily", 1, [], "numbered", DateOnly.FromDateTime(day)) { Count = 20 }
                    );
                exception = new DemoEvent
                {
                    Id = series.Id + "Ausn",
                    CalendarId = series.CalendarId,
                    Subject = "Jour fixe mit Protokoll",
                    Start = day.AddDays(3),
                    End = day.AddDays(3).AddHours(1),
                    OriginalStart = day.AddDays(3),
                    Attachments = [protocol],
                };
                series.Exceptions.Add(exception);
            }
        );
        var run = await scenario.RunAsync();
        Assert.Equal((BackupState.Succeeded, 0), (run.Status, run.RetryList.Count));
        using (var restored = await scenario.RestoreAsync())
        {
            var files = restored.Find("Jour fixe mit Protokoll");
            var truth = JsonNode.Parse(File.ReadAllBytes(files.Single(each => each.EndsWith(".json", StringComparison.Ordinal))))!;
            var attachment = Assert.Single(truth["attachments"]!.AsArray())!;
            Assert.Equal(("Protokoll.pdf", exception.Id), (attachment["name"]!.ToString(), attachment["occurrence"]!.ToString()));
            var file = files.Single(each => each.EndsWith(attachment["fileSuffix"]!.ToString(), StringComparison.Ordinal));
            Assert.Equal(SeededContent.Bytes(protocol.Seed, protocol.Size), File.ReadAllBytes(file));
        }

        await scenario.AssertHealsAsync();
    }

    [Fact]
    public async Task Attachments_of_a_changed_occurrence_that_cannot_be_had_are_a_failure_beside_the_series()
    {
        await using var scenario = await StartAsync(Calendar);
        var day = DateTime.UtcNow.Date.AddDays(-14).AddHours(9);
        scenario.Tenant.Change(
            (_, _) =>
            {
                var series = scenario
                    .Mailbox()
                    .AddEvent(
                        "Serie",
                        day,
                        day.AddHours(1),
                        recurrence: new DemoRecurrence("daily", 1, [], "numbered", DateOnly.FromDateTime(day)) { Count = 20 }
                    );
                series.Exceptions.Add(
                    new DemoEvent
                    {
                        Id = series.Id + "Ausn",
                        CalendarId = series.CalendarId,
                        Subject = "Serie",
                        Start = day.AddDays(3),
                        End = day.AddDays(3).AddHours(1),
                        OriginalStart = day.AddDays(3),
                        Attachments = [new DemoAttachment("ATausnahme", "Protokoll.pdf", "application/pdf", 7, 1200)],
                    }
                );
            }
        );
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.Contains("Ausn/attachments", StringComparison.Ordinal))
                answer.Fail(404, "ErrorItemNotFound");
        });
        Assert.True(AssertOneFailure(await scenario.RunAsync(), FailureLevel.Extra).IsStored);
        await scenario.AssertHealsAsync();
    }
}
