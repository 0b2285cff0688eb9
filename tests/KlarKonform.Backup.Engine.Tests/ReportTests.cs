using System.Globalization;
using System.Text.Json.Nodes;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>The report as a browser shows it, for one configuration and for two hundred.</summary>
public sealed class ReportTests
{
    private const string Hostile = "\"><script>window.hurt=1</script><img src=x onerror=\"window.hurt=1\">\u202E</table></svg>";

    [Theory]
    [InlineData("en", false, 1200)]
    [InlineData("de", true, 500)]
    public async Task A_report_of_two_hundred_configurations_is_readable_complete_and_harmless(string language, bool dark, int width)
    {
        Assert.SkipWhen(TestServers.MissingProgram("/usr/bin/chromedriver") is not null, "Chromium is not installed here.");
        CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(language == "de" ? "de-DE" : "en-GB");
        await using var scenario = await BackupScenario.StartAsync();
        Assert.Equal(BackupState.Succeeded, (await scenario.RunAsync()).Status);
        await scenario.Engine.SetHoldAsync("Test", new HoldRequest { Reason = Hostile, Author = "Dr. Weber" }, scenario, default);
        await MultiplyAsync(scenario, 199);
        var file = scenario.Folder["report.html"];
        await scenario.Engine.ExportReportAsync(new ReportRequest { Path = file }, default);
        Assert.InRange(new FileInfo(file).Length, 1, 8 << 20);
        await using var chromium = await Chromium.StartAsync(dark, width);
        await chromium.OpenAsync(file);
        var seen = await chromium.EvaluateAsync(
            """
            const contrast = e => { const c = s => { const [r, g, b] = getComputedStyle(e)[s].match(/[\d.]+/g).slice(0, 3).map(v =>
            { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
                let box = e; while (getComputedStyle(box).backgroundColor === 'rgba(0, 0, 0, 0)') box = box.parentElement;
                const back = (() => { const [r, g, b] = getComputedStyle(box).backgroundColor.match(/[\d.]+/g).slice(0, 3).map(v =>
                { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b; })();
                const front = c('color'); return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05); };
            return {
                hurt: window.hurt ?? 0, scripts: document.scripts.length,
                outside: [...document.querySelectorAll('[src],[href]')].map(e => e.getAttribute('src') ??
                e.getAttribute('href')).filter(a => !a.startsWith('#')).length,
                handlers: [...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length,
                rows: document.querySelectorAll('#overview + .scroll tbody tr').length,
                sections: document.querySelectorAll('section').length, tiles: [...document.querySelectorAll('.tile b')].map(b =>
                b.textContent).join(' '),
                broken: [...document.querySelectorAll('a[href^="#"]')].filter(a =>
                !document.querySelector(a.getAttribute('href'))).length, ids: new Set([...document.querySelectorAll('[id]')].map(e =>
                e.id)).size === document.querySelectorAll('[id]').length,
                wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
                h1: document.querySelectorAll('h1').length, lang: document.documentElement.lang, text: document.body.innerText,
                images: [...document.querySelectorAll('svg')].every(s => s.getAttribute('role') === 'img' &&
                s.getAttribute('aria-label').length > 10), headers: [...document.querySelectorAll('th')].every(t =>
                t.hasAttribute('scope')),
                contrast: Math.min(...[...document.querySelectorAll('.state, dt, dd, p, td, th, a, h1, h2, h3')].filter(e =>
                e.innerText && !e.classList.contains('skip')).slice(0, 400).map(contrast)),
                cells: document.querySelector('section svg').querySelectorAll('rect').length,
                back: getComputedStyle(document.body).backgroundColor,
            };
            """
        );
        if (Environment.GetEnvironmentVariable("KK_TEST_SCREENSHOTS") is { } shots)
            await File.WriteAllBytesAsync(Path.Combine(shots, $"report-{language}.png"), await chromium.ScreenshotAsync());
        int Number(string name) => seen.GetProperty(name).GetInt32();
        bool Holds(string name) => seen.GetProperty(name).GetBoolean();
        Assert.Equal((0, 0, 0, 0, 0), (Number("hurt"), Number("scripts"), Number("outside"), Number("handlers"), Number("broken")));
        Assert.Equal((200, 200, 1, 90), (Number("rows"), Number("sections"), Number("h1"), Number("cells")));
        Assert.Equal("40 40 0 0 120", seen.GetProperty("tiles").GetString());
        Assert.True(Holds("ids") && Holds("images") && Holds("headers"));
        Assert.False(Holds("wide"), "The page is wider than its window.");
        Assert.True(seen.GetProperty("contrast").GetDouble() >= 4.5, $"{seen.GetProperty("contrast")}");
        Assert.Equal(
            (language, dark ? "rgb(20, 24, 27)" : "rgb(251, 250, 248)"),
            (seen.GetProperty("lang").GetString(), seen.GetProperty("back").GetString())
        );
        var text = seen.GetProperty("text").GetString()!;
        foreach (
            var expected in language == "de"
                ? new[] { "Sicherungsbericht", "Fehlgeschlagen", "Teilweise", "Erfolgreich", "Was zu tun ist", "<script>", "Dr. Weber" }
                : ["Backup report", "Failed", "Partial", "Succeeded", "What to do", "<script>", "Dr. Weber"]
        )
            Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.Empty(await chromium.ConsoleAsync());
    }

    [Fact]
    public async Task A_report_replaces_nothing_unasked_and_an_empty_home_has_one_too()
    {
        using var folder = new TemporaryFolder();
        var engine = new BackupEngine(folder["home"]);
        await engine.ExportReportAsync(new ReportRequest { Path = folder["report.html"] }, default);
        Assert.Contains("There are no configurations", await File.ReadAllTextAsync(folder["report.html"]), StringComparison.Ordinal);
        Assert.Equal(
            "FileExists",
            (
                await Assert.ThrowsAsync<BackupException>(() =>
                    engine.ExportReportAsync(new ReportRequest { Path = folder["report.html"] }, default)
                )
            ).ErrorId
        );
        await engine.ExportReportAsync(new ReportRequest { Path = folder["report.html"], Overwrite = true }, default);
        Assert.Equal(
            "ConfigurationNotFound",
            (
                await Assert.ThrowsAsync<BackupException>(() =>
                    engine.ExportReportAsync(new ReportRequest { Path = folder["other.html"], Names = ["Nowhere"] }, default)
                )
            ).ErrorId
        );
        Assert.False(File.Exists(folder["other.html"]));
    }

    // The one real run, multiplied into what two hundred configurations of many tenants might have had for three months.
    private static async Task MultiplyAsync(BackupScenario scenario, int count)
    {
        var home = scenario.Folder["home"];
        var source = Path.Combine(home, "runs", $"{scenario.Configuration().Id}");
        var journal = Directory
            .GetFiles(Directory.Exists(source) ? source : Directory.GetDirectories(Path.Combine(home, "runs")).Single(), "*.json")
            .Single();
        var template = JsonNode.Parse(await File.ReadAllTextAsync(journal))!;
        for (var i = 0; i < count; i++)
        {
            var configuration = scenario.Configuration($"Kunde {i:D3}") with
            {
                Id = Guid.NewGuid(),
                Tenant = scenario.Configuration().Tenant with { Id = $"kunde-{i}.example" },
            };
            await scenario.Engine.CreateConfigurationAsync(configuration, default);
            var folder = Directory
                .CreateDirectory(
                    Path.Combine(
                        home,
                        "runs",
                        Path.GetFileName(Path.GetDirectoryName(journal)!)
                            .Replace($"{scenario.Configuration().Id}", $"{configuration.Id}", StringComparison.Ordinal)
                    )
                )
                .FullName;
            for (var day = 0; day < 60; day += 3)
            {
                var run = template.DeepClone();
                var started = DateTimeOffset.UtcNow.AddDays(-day).AddMinutes(-i);
                var state = ((i + (day / 3)) % 5) switch
                {
                    0 => "Failed",
                    1 => "Partial",
                    _ => "Succeeded",
                };
                (run["runId"], run["configuration"], run["status"], run["started"], run["ended"]) = (
                    $"{Guid.NewGuid()}",
                    configuration.Name,
                    state,
                    started.ToString("O", CultureInfo.InvariantCulture),
                    started.AddMinutes(3 + day).ToString("O", CultureInfo.InvariantCulture)
                );
                if (state != "Succeeded")
                    run["retryList"] = new JsonArray(
                        new JsonObject
                        {
                            ["kind"] = "Mail",
                            ["resource"] = "anna@demo.example",
                            ["itemId"] = "1",
                            ["name"] = Hostile,
                            ["code"] = "ErrorCorruptData",
                            ["message"] = Hostile,
                            ["hint"] = Hostile,
                            ["attempts"] = 3,
                        }
                    );
                if (state == "Failed")
                    run["error"] = Hostile;
                await File.WriteAllTextAsync(
                    Path.Combine(
                        folder,
                        $"{started.UtcDateTime:yyyyMMdd-HHmmss-fff}-"
                            + $"{run["runId"]!.GetValue<string>().Replace("-", "", StringComparison.Ordinal)}.json"
                    ),
                    run.ToJsonString()
                );
            }
        }
    }
}
