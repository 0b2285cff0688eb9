using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace KlarKonform.Backup.TestSupport;

/// <summary>A headless Chromium behind ChromeDriver (W3C WebDriver), without a network of its own. One page at a time.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan s_start = TimeSpan.FromSeconds(30);

    private readonly Process _driver;
    private readonly HttpClient _client;
    private readonly TemporaryFolder _profile;
    private string _session = "";

    private Chromium(Process driver, HttpClient client, TemporaryFolder profile) =>
        (_driver, _client, _profile) = (driver, client, profile);

    /// <summary>Starts both programs.</summary>
    /// <param name="dark">Whether to request pages in dark colours.</param>
    /// <param name="width">The window's width in pixels.</param>
    public static async Task<Chromium> StartAsync(bool dark = false, int width = 1100)
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        var profile = new TemporaryFolder();
        var driver = Process.Start(
            new ProcessStartInfo("/usr/bin/chromedriver", [$"--port={port}", "--silent"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        driver.BeginOutputReadLine();
        driver.BeginErrorReadLine();
        var chromium = new Chromium(driver, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") }, profile);
        await chromium.BeginAsync(dark, width);
        return chromium;
    }

    /// <summary>Shows a file.</summary>
    public Task OpenAsync(string file) => SendAsync("url", new { url = new Uri(file).AbsoluteUri });

    /// <summary>Runs a script in the page, outside of its policy, and returns its result.</summary>
    public Task<JsonElement> EvaluateAsync(string script) => SendAsync("execute/sync", new { script, args = Array.Empty<object>() });

    /// <summary>A screenshot of the page as PNG.</summary>
    public async Task<byte[]> ScreenshotAsync() =>
        Convert.FromBase64String(
            (await _client.GetFromJsonAsync<JsonElement>($"session/{_session}/screenshot")).GetProperty("value").GetString()!
        );

    public async ValueTask DisposeAsync()
    {
        try
        {
            using var answer = await _client.DeleteAsync($"session/{_session}");
        }
        catch (HttpRequestException)
        {
            // The driver is already gone.
        }

        if (!_driver.HasExited)
            _driver.Kill(entireProcessTree: true);
        await _driver.WaitForExitAsync();
        _driver.Dispose();
        _client.Dispose();
        _profile.Dispose();
    }

    private async Task BeginAsync(bool dark, int width)
    {
        var arguments = new List<string>
        {
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            $"--window-size={width},900",
            $"--user-data-dir={_profile.Path}",
        };
        if (dark)
            arguments.Add("--blink-settings=preferredColorScheme=0");
        var capabilities = new
        {
            capabilities = new
            {
                alwaysMatch = new Dictionary<string, object>
                {
                    ["browserName"] = "chrome",
                    ["goog:chromeOptions"] = new { binary = "/usr/bin/chromium", args = arguments },
                    ["goog:loggingPrefs"] = new { browser = "ALL" },
                },
            },
        };
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await PostAsync("session", capabilities);
                var value = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("value");
                _session = value.TryGetProperty("sessionId", out var id)
                    ? id.GetString()!
                    : throw new InvalidOperationException(value.ToString());
                return;
            }
            catch (HttpRequestException) when (watch.Elapsed < s_start)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>The page's console output: errors, refused addresses.</summary>
    public async Task<IReadOnlyList<string>> ConsoleAsync() =>
        [
            .. (await SendAsync("se/log", new { type = "browser" }))
                .EnumerateArray()
                .Select(entry => entry.GetProperty("message").GetString()!),
        ];

    // ChromeDriver does not accept chunked requests.
    private Task<HttpResponseMessage> PostAsync(string path, object body) =>
        _client.PostAsync(path, new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body)));

    private async Task<JsonElement> SendAsync(string command, object body)
    {
        using var answer = await PostAsync($"session/{_session}/{command}", body);
        var value = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("value");
        return answer.IsSuccessStatusCode ? value : throw new InvalidOperationException(value.ToString());
    }
}
