using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.TestSupport;
using static KlarKonform.Backup.Engine.Tests.ChatScenario;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>A chat's page as a browser shows it, from hostile names and texts.</summary>
public sealed class ChatPageTests
{
    private const string Hostile =
        "\"><script>window.hurt=1</script><img src=x onerror=\"window.hurt=1\"><a href='javascript:window.hurt=1'>x</a>"
        + "\u0001\u202E</article>";
    private static readonly DateTimeOffset s_time = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(false, 1100)]
    [InlineData(true, 500)]
    public async Task A_month_is_readable_complete_and_harmless(bool dark, int width)
    {
        Assert.SkipWhen(TestServers.MissingProgram("/usr/bin/chromedriver") is not null, "Chromium is not installed here.");
        await using var scenario = await StartAsync(DeletedMessagesPolicy.Redact);
        await SpoolAsync(scenario, Bodies(scenario));
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        using var restored = await RestoreAsync(scenario);
        var page = Assert.Single(Directory.GetFiles(restored.Path, "2026-11.html", SearchOption.AllDirectories));
        await using var chromium = await Chromium.StartAsync(dark, width);
        await chromium.OpenAsync(page);
        var seen = await chromium.EvaluateAsync(
            """
            document.querySelector('img').scrollIntoView();
            return {
                hurt: window.hurt ?? 0, scripts: document.scripts.length, handlers: [...document.querySelectorAll('*')].filter(e =>
                [...e.attributes].some(a => a.name.startsWith('on'))).length,
                links: [...document.querySelectorAll('a')].map(a => a.getAttribute('href')),
                articles: document.querySelectorAll('article').length, text: document.body.innerText,
                wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
                back: getComputedStyle(document.body).backgroundColor,
                labels: [...document.querySelectorAll('img')].every(i => i.alt.length > 0), lang: document.documentElement.lang,
                headings: document.querySelectorAll('h1').length,
            };
            """
        );
        Assert.Equal(
            (0, 0, 0),
            (seen.GetProperty("hurt").GetInt32(), seen.GetProperty("scripts").GetInt32(), seen.GetProperty("handlers").GetInt32())
        );
        Assert.All(
            seen.GetProperty("links").EnumerateArray(),
            link => Assert.True(link.GetString() is "chat.html" || link.GetString()!.StartsWith("media/", StringComparison.Ordinal))
        );
        Assert.Equal(
            (8, 1, "en"),
            (seen.GetProperty("articles").GetInt32(), seen.GetProperty("headings").GetInt32(), seen.GetProperty("lang").GetString())
        );
        Assert.False(seen.GetProperty("wide").GetBoolean(), "The page is wider than its window.");
        Assert.True(seen.GetProperty("labels").GetBoolean());
        Assert.Equal(dark ? "rgb(20, 24, 27)" : "rgb(244, 241, 236)", seen.GetProperty("back").GetString());
        var text = seen.GetProperty("text").GetString()!;
        foreach (
            var expected in new[]
            {
                "Guten Tag\nmit zwei Zeilen",
                "<script>window.hurt=1</script>",
                "read",
                "👍",
                "forwarded",
                "edited",
                "Earlier wording",
                "its content is not kept",
                "24 November 2026",
            }
        )
            Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", text, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("KK_TEST_SCREENSHOTS") is { } shots)
            await File.WriteAllBytesAsync(Path.Combine(shots, $"chat-{(dark ? "dark" : "light")}.png"), await chromium.ScreenshotAsync());

        // The image is loaded when it becomes visible; that takes the browser a moment.
        for (var i = 0; i < 200 && await WidthAsync(chromium) == 0; i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(48, await WidthAsync(chromium));
        await chromium.OpenAsync(Path.Combine(Path.GetDirectoryName(page)!, "chat.html"));
        Assert.Equal("2026-11.html", (await chromium.EvaluateAsync("return document.querySelector('a').getAttribute('href')")).GetString());
        Assert.Equal(0, (await chromium.EvaluateAsync("return (window.hurt ?? 0) + document.scripts.length")).GetInt32());
        Assert.Empty(await chromium.ConsoleAsync());
    }

    private static async Task<int> WidthAsync(Chromium chromium) =>
        (await chromium.EvaluateAsync("return document.querySelector('img').naturalWidth")).GetInt32();

    private static IEnumerable<string> Bodies(BackupScenario scenario)
    {
        var picture = new DemoMedia
        {
            Id = "31",
            MimeType = "image/png",
            Content = KlarKonform.Backup.DemoTenant.Generation.DemoPicture.Png(7),
            Arrived = DateTimeOffset.UtcNow,
        };
        scenario.Tenant.Change((model, _) => model.Media[picture.Id] = picture);
        string Body(string field, object content) =>
            JsonSerializer.Serialize(
                new
                {
                    @object = "whatsapp_business_account",
                    entry = new[] { new { id = "1", changes = new[] { new { field, value = Merge(content) } } } },
                }
            );
        static Dictionary<string, object> Merge(object content)
        {
            var value = new Dictionary<string, object>
            {
                ["metadata"] = new { display_phone_number = "49301234567", phone_number_id = "5" },
            };
            foreach (var property in JsonSerializer.SerializeToElement(content).EnumerateObject())
                value[property.Name] = property.Value;
            return value;
        }

        string In(string id, int minute, string type, object content, object? context = null) =>
            Body(
                "messages",
                new
                {
                    contacts = new[] { new { profile = new { name = Hostile }, wa_id = "49171" } },
                    messages = new[]
                    {
                        new Dictionary<string, object?>
                        {
                            ["from"] = "49171",
                            ["id"] = id,
                            ["timestamp"] = $"{s_time.AddMinutes(minute).ToUnixTimeSeconds()}",
                            ["type"] = type,
                            [type] = content,
                            ["context"] = context,
                        },
                    },
                }
            );
        string Out(string id, int minute, string type, object content) =>
            Body(
                "smb_message_echoes",
                new
                {
                    message_echoes = new[]
                    {
                        new Dictionary<string, object?>
                        {
                            ["from"] = "49301234567",
                            ["to"] = "49171",
                            ["id"] = id,
                            ["timestamp"] = $"{s_time.AddMinutes(minute).ToUnixTimeSeconds()}",
                            ["type"] = type,
                            [type] = content,
                        },
                    },
                }
            );
        return
        [
            In("m1", 0, "text", new { body = "Guten Tag\nmit zwei Zeilen" }),
            In(Hostile, 1, "text", new { body = Hostile }),
            In("m3", 2, "text", new { body = new string('x', 600) + " مرحبا" }, new { id = "m1", forwarded = true }),
            In(
                "m4",
                3,
                "image",
                new
                {
                    id = "31",
                    mime_type = "image/png",
                    filename = Hostile + " ä#%.png",
                }
            ),
            Out("m5", 4, "text", new { body = "alt" }),
            Out("m6", 5, "edit", new { original_message_id = "m5", message = new { type = "text", text = new { body = "neu" } } }),
            Out("m7", 6, "text", new { body = "geheim" }),
            Out("m8", 7, "revoke", new { original_message_id = "m7" }),
            In("m9", 8, "reaction", new { message_id = "m5", emoji = "👍" }),
            Body(
                "messages",
                new
                {
                    statuses = new[]
                    {
                        new
                        {
                            id = "m5",
                            status = "read",
                            timestamp = $"{s_time.AddMinutes(9).ToUnixTimeSeconds()}",
                            recipient_id = "49171",
                        },
                    },
                }
            ),
        ];
    }
}
