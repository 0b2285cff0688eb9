using System.Text;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>A restore to Microsoft 365 meets odd items and refusals: each affects only itself.</summary>
public sealed class CloudWallTests
{
    private static readonly TenantSizes s_sizes = new()
    {
        Users = 1,
        MailsPerUser = 12,
        FilesPerUser = 10,
        MaxFileBytes = 20_000,
        EventsPerUser = 10,
        ContactsPerUser = 8,
        Sites = 1,
    };

    private static readonly string[] s_metadata =
    [
        "{",
        "null",
        "[]",
        "{\"type\":7,\"id\":[],\"graph\":\"x\"}",
        "{\"type\":\"message\",\"id\":\"x\",\"graph\":{\"flag\":7,\"from\":{\"emailAddress\":\"\\ud83d\"},"
            + "\"receivedDateTime\":\"0001-01-01T00:00:00Z\"}}",
        "{\"type\":\"driveItem\",\"id\":\"\\udc00\",\"graph\":{\"name\":\"a:b\\ud83d\","
            + "\"fileSystemInfo\":{\"createdDateTime\":\"1601-01-01T00:00:00Z\","
            + "\"lastModifiedDateTime\":\"9999-12-31T23:59:59Z\"}},\"permissions\":[null,{\"roles\":[7,null]}]}",
    ];

    private static readonly string[] s_contents =
    [
        "",
        "null",
        "[]",
        "7",
        "{}",
        "{\"event\":null}",
        "{\"event\":{}}",
        "<html>503</html>",
        "{\"event\":{\"subject\":\"\\ud83d\",\"start\":{\"dateTime\":\"0001-01-01T00:00:00\"},"
            + "\"end\":{\"dateTime\":\"9999-12-31T23:59:59\"},\"originalStartTimeZone\":\"Pacific Standard Time\"}}",
        "{\"event\":{\"start\":{\"dateTime\":\"2024-01-01T10:00:00\"},\"end\":{\"dateTime\":\"2024-01-01T11:00:00\"},"
            + "\"recurrence\":{\"pattern\":7,\"range\":null},\"exceptionOccurrences\":[null,7,{}],"
            + "\"cancelledOccurrences\":[null,\"OID.x.9999-12-31\"]},\"attachments\":[null,7,{}]}",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Odd_items_are_rows_of_their_own_and_all_others_come_back(int seed)
    {
        await using var scenario = await BackupScenario.StartAsync(s_sizes, RoundTripTests.Writable(), BackupScenario.Everything);
        await scenario.RunAsync();
        var (random, touched, items) = (new Random(seed), new HashSet<string>(), new HashSet<string>());
        await using (var forge = await SnapshotForge.OpenAsync(scenario))
        {
            await forge.RewriteAsync(
                async (path, node) =>
                {
                    if (node.IsDirectory || node.Attribute("user.klarkonform") is null)
                        return node;
                    items.Add(path);
                    if (random.Next(3) != 0)
                        return node;
                    touched.Add(path);
                    var changed =
                        random.Next(2) == 0
                            ? node
                            : (await forge.FileAsync(node.Name, s_contents[random.Next(s_contents.Length)])) with
                            {
                                ExtendedAttributes = node.ExtendedAttributes,
                            };
                    if (random.Next(4) == 0)
                        changed = SnapshotForge.LostFile(node.Name, node.Attribute("user.klarkonform"));
                    return random.Next(2) == 0
                        ? changed
                        : changed with
                        {
                            ExtendedAttributes =
                            [
                                SnapshotForge.Metadata(Encoding.UTF8.GetBytes(s_metadata[random.Next(s_metadata.Length)])),
                            ],
                        };
                }
            );
        }

        scenario.Tenant.Change((model, _) => RoundTripTests.DeleteEverything(model));
        var restored = await RestoreAsync(scenario, "/Exchange", "/OneDrive", "/SharePoint");
        var expected = items.Where(path => !path.StartsWith("/Directory", StringComparison.Ordinal)).ToHashSet();
        Assert.Equal(restored.Count, restored.Select(item => item.Path).Distinct().Count());
        Assert.Superset(restored.Select(item => item.Path).ToHashSet(), expected);
        Assert.All(
            restored.Where(item => item.Status == "Failed"),
            item => Assert.True(touched.Contains(item.Path) && item is { Code.Length: > 0, Detail.Length: > 0 }, item.ToString())
        );
        Assert.All(
            restored.Where(item =>
                !touched.Contains(item.Path)
                && !item.Path.Contains("/Lists/", StringComparison.Ordinal)
                && !item.Path.Contains("/Pages/", StringComparison.Ordinal)
            ),
            item => Assert.Equal("Restored", item.Status)
        );

        // Nothing is restored a second time, however little is known about it.
        Assert.DoesNotContain(await RestoreAsync(scenario, "/Exchange", "/OneDrive", "/SharePoint"), item => item.Status == "Restored");
    }

    [Theory]
    [InlineData(403, "ErrorAccessDenied")]
    [InlineData(404, "ErrorItemNotFound")]
    [InlineData(400, "ErrorInvalidRequest")]
    [InlineData(423, "resourceLocked")]
    public async Task One_item_that_is_refused_is_one_failed_row(int status, string code)
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            RoundTripTests.Writable(),
            new SourceSettings { Mail = new MailSelection() }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change((model, _) => RoundTripTests.DeleteEverything(model));
        var posts = 0;
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (
                answer.Method == "POST"
                && answer.Path.EndsWith("/messages", StringComparison.Ordinal)
                && Interlocked.Increment(ref posts) == 3
            )
                answer.Fail(status, code);
        });
        var restored = await RestoreAsync(scenario, "/Exchange");
        Assert.Single(restored, item => item.Status == "Failed");
        Assert.All(restored.Where(item => item.Status != "Failed"), item => Assert.Equal("Restored", item.Status));
        Assert.Equal(posts, restored.Count);
    }

    [Fact]
    public async Task Attachments_of_a_changed_occurrence_go_onto_that_occurrence_and_its_own_properties_with_them()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes,
            RoundTripTests.Writable(),
            new SourceSettings { Calendar = new SourceSelection() }
        );
        var start = DateTime.UtcNow.Date.AddDays(10).AddHours(9);
        scenario.Tenant.Change(
            (model, _) =>
            {
                var mailbox = model.Users[0].Mailbox!;
                var series = new DemoEvent
                {
                    Id = "AAkSERIES0001",
                    CalendarId = mailbox.Calendars.Values.First().Id,
                    Subject = "Wochenrunde",
                    Start = start,
                    End = start.AddHours(1),
                    Zone = "UTC",
                    Recurrence = new DemoRecurrence("weekly", 1, ["monday"], "numbered", DateOnly.FromDateTime(start)) { Count = 6 },
                };
                series.Exceptions.Add(
                    new DemoEvent
                    {
                        Id = "AAkEXCEPT0001",
                        CalendarId = series.CalendarId,
                        Subject = "Wochenrunde mit Protokoll",
                        Start = start.AddDays(7).AddHours(2),
                        End = start.AddDays(7).AddHours(3),
                        Zone = "UTC",
                        OriginalStart = start.AddDays(7),
                        Sensitivity = "private",
                        IsAllDay = false,
                    }
                );
                mailbox.Events.Add(series.Id, series);
            }
        );
        await scenario.RunAsync();
        await using (var forge = await SnapshotForge.OpenAsync(scenario))
        {
            string? stem = null;
            await forge.RewriteAsync(
                async (path, node) =>
                {
                    if (
                        node.Name.Contains("Wochenrunde", StringComparison.Ordinal)
                        && node.Name.EndsWith("].json", StringComparison.Ordinal)
                    )
                    {
                        stem = Path.GetFileNameWithoutExtension(node.Name);
                        var json = JsonNode.Parse(await forge.ReadAsync(node))!;
                        json["attachments"] = new JsonArray(
                            new JsonObject
                            {
                                ["name"] = "Agenda.txt",
                                ["contentType"] = "text/plain",
                                ["fileSuffix"] = " 1 Agenda.txt",
                            },
                            new JsonObject
                            {
                                ["name"] = "Protokoll.pdf",
                                ["contentType"] = "application/pdf",
                                ["fileSuffix"] = " 2 Protokoll.pdf",
                                ["occurrence"] = "AAkEXCEPT0001",
                            },
                            new JsonObject
                            {
                                ["name"] = "Verwaist.pdf",
                                ["fileSuffix"] = " 2 Protokoll.pdf",
                                ["occurrence"] = "gibt es nicht",
                            }
                        );
                        return (await forge.FileAsync(node.Name, json.ToJsonString())) with
                        {
                            ExtendedAttributes = node.ExtendedAttributes,
                        };
                    }

                    if (stem is null || !node.IsDirectory || node.Name.Length != 4)
                        return node;
                    var folder = await forge.AddAsync(
                        node,
                        await forge.FileAsync(stem + " 1 Agenda.txt", "Agenda"),
                        await forge.FileAsync(stem + " 2 Protokoll.pdf", "Protokoll")
                    );
                    stem = null;
                    return folder;
                }
            );
        }

        scenario.Tenant.Change((model, _) => RoundTripTests.DeleteEverything(model));
        var row = Assert.Single(
            await RestoreAsync(scenario, "/Exchange"),
            item => item.Path.Contains("Wochenrunde", StringComparison.Ordinal)
        );
        Assert.Contains("Verwaist.pdf", row.Detail, StringComparison.Ordinal);
        scenario.Tenant.Change(
            (model, _) =>
            {
                var series = model.Users[0].Mailbox!.Events.Values.Single(item => item.Subject == "Wochenrunde");
                var exception = Assert.Single(series.Exceptions);
                Assert.Equal(
                    ("Agenda.txt", "Protokoll.pdf", "private"),
                    (Assert.Single(series.Attachments).Name, Assert.Single(exception.Attachments).Name, exception.Sensitivity)
                );
                Assert.Equal("Protokoll", Encoding.UTF8.GetString(exception.Attachments[0].Content));
            }
        );
    }

    [Fact]
    public async Task A_refused_attachment_or_occurrence_is_a_note_of_the_event()
    {
        await using var scenario = await BackupScenario.StartAsync(
            s_sizes with
            {
                EventsPerUser = 40,
            },
            RoundTripTests.Writable(),
            new SourceSettings { Calendar = new SourceSelection(), Contacts = new SourceSelection() }
        );
        await scenario.RunAsync();
        scenario.Tenant.Change((model, _) => RoundTripTests.DeleteEverything(model));
        scenario.Tenant.ChangeAnswers(answer =>
        {
            if (
                answer.Path.Contains("/attachments", StringComparison.Ordinal)
                || answer.Path.EndsWith("/instances", StringComparison.Ordinal)
                || answer.Path.Contains("/photo", StringComparison.Ordinal)
            )
                answer.Fail(403, "ErrorAccessDenied");
        });
        var restored = await RestoreAsync(scenario, "/Exchange");
        Assert.All(restored, item => Assert.Equal("Restored", item.Status));
        Assert.Contains(restored, item => item.Detail is not null);
    }

    private static async Task<List<RestoredItem>> RestoreAsync(BackupScenario scenario, params string[] paths)
    {
        var items = new List<RestoredItem>();
        await foreach (
            var item in scenario.Engine.RestoreAsync(
                "Test",
                new RestoreRequest { Paths = paths, Cloud = new CloudRestore() },
                scenario,
                scenario,
                default
            )
        )
            items.Add(item);
        return items;
    }
}
