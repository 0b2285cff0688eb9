using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using KlarKonform.Backup.WhatsApp.Receiving;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.WhatsApp.Tests;

public sealed class WebhookReceiverTests
{
    [Fact]
    public async Task The_handshake_returns_the_challenge_to_whoever_knows_the_word()
    {
        await using var scenario = new ReceiverScenario();
        Assert.Equal(
            "1158201444",
            await scenario.Client.GetStringAsync("/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify%20me")
        );
        Assert.Equal(
            "1158201444",
            await scenario.Client.GetStringAsync("/whatsapp?hub.verify_token=verify+me&hub.mode=subscribe&hub.challenge=1158201444")
        );
        foreach (
            var query in new[]
            {
                "hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong",
                "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=verify+me",
                "hub.mode=subscribe&hub.verify_token=verify+me",
                "",
            }
        )
        {
            using var answer = await scenario.Client.GetAsync("/whatsapp?" + query);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        Assert.Contains("\"healthy\":true", await scenario.Client.GetStringAsync("/whatsapp/health"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_signed_is_on_the_disk_when_it_is_answered_in_chunks_too()
    {
        await using var scenario = new ReceiverScenario();
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(
                HttpStatusCode.OK,
                await scenario.PostAsync(WebhookSamples.Text($"wamid.{i}", "Grüße \\ud83d\\ude00\\n"), chunked: i % 2 == 0)
            );
            Assert.Equal(i + 1, (await scenario.SpooledAsync()).Count);
        }

        Assert.Equal(40, scenario.Counts.Stored);
    }

    [Fact]
    public async Task Many_at_once_lose_none()
    {
        await using var scenario = new ReceiverScenario();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 2000),
            new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (i, _) => Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync($"{{\"n\":{i}}}"))
        );
        Assert.Equal(Enumerable.Range(0, 2000).Select(i => $"{{\"n\":{i}}}").Order(), (await scenario.SpooledAsync()).Order());
    }

    [Fact]
    public async Task Forged_and_unsigned_bodies_are_refused_and_nothing_else_is_affected()
    {
        await using var scenario = new ReceiverScenario();
        Assert.Equal(HttpStatusCode.Unauthorized, await scenario.PostAsync("{}", WebhookSignature.Of("{}"u8, "another secret")));
        Assert.Equal(HttpStatusCode.Unauthorized, await scenario.PostAsync("{}", ""));
        Assert.Equal(HttpStatusCode.Unauthorized, await scenario.PostAsync("{}", "sha256=zz"));
        Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync("{}"));
        Assert.Equal((1, 3, 0), (scenario.Counts.Stored, scenario.Counts.Refused, scenario.Counts.Failed));
        Assert.Equal(["{}"], await scenario.SpooledAsync());
    }

    [Fact]
    public async Task A_body_of_a_hundred_megabytes_is_refused_and_the_next_one_is_served()
    {
        await using var scenario = new ReceiverScenario();
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await scenario.PostAsync(new string('x', 100 << 20)));
        Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync("{}"));
        Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync($"{{\"t\":\"{new string('x', 3 << 20)}\"}}"));
        Assert.Equal(2, (await scenario.SpooledAsync()).Count);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 404)]
    [InlineData("PUT /whatsapp HTTP/1.1\r\n\r\n", 405)]
    [InlineData("POST /whatsapp HTTP/1.1\r\n\r\n", 411)]
    [InlineData("POST /whatsapp HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400)]
    [InlineData("POST /whatsapp HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400)]
    [InlineData("POST /whatsapp HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400)]
    [InlineData("POST /whatsapp HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello", 400)]
    [InlineData("POST /whatsapp HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400)]
    [InlineData("POST /whatsapp HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n", 413)]
    [InlineData("POST /whatsapp HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("POST /whatsapp HTTP/2.0\r\n\r\n", 505)]
    [InlineData("hello\r\n\r\n", 400)]
    [InlineData("GET /whatsapp HTTP/1.1\r\n folded: x\r\n\r\n", 400)]
    [InlineData("GET /whatsapp HTTP/1.1\r\nna me: x\r\n\r\n", 400)]
    public async Task What_is_not_a_webhook_is_refused_by_its_number(string request, int status)
    {
        await using var scenario = new ReceiverScenario();
        Assert.StartsWith($"HTTP/1.1 {status} ", await SendAsync(scenario, request), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync("{}"));
    }

    [Fact]
    public async Task A_head_without_end_is_refused_and_garbage_hurts_nobody()
    {
        await using var scenario = new ReceiverScenario();
        Assert.StartsWith(
            "HTTP/1.1 431 ",
            await SendAsync(scenario, "GET /whatsapp HTTP/1.1\r\nX: " + new string('a', 20_000)),
            StringComparison.Ordinal
        );
        for (var seed = 0; seed < 200; seed++)
        {
            var garbage = new byte[new Random(seed).Next(1, 400)];
            new Random(seed).NextBytes(garbage);
            await SendAsync(scenario, Encoding.Latin1.GetString(garbage));
        }

        Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync("{}"));
    }

    [Fact]
    public async Task Requests_one_after_the_other_on_one_connection_are_answered_in_order()
    {
        await using var scenario = new ReceiverScenario();
        var post =
            $"POST /whatsapp HTTP/1.1\r\nHost: chat.example.com\r\nContent-Length: 2\r\n"
            + $"{WebhookSignature.Header}: {WebhookSignature.Of("{}"u8, ReceiverScenario.Secret)}\r\n\r\n{{}}";
        var answers = await SendAsync(scenario, post + post + "GET /whatsapp/health HTTP/1.1\r\nConnection: close\r\n\r\n");
        Assert.Equal(3, answers.Split("HTTP/1.1 200 OK").Length - 1);
        Assert.Equal(2, (await scenario.SpooledAsync()).Count);
    }

    [Fact]
    public async Task It_speaks_TLS_itself_where_it_has_a_certificate()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest(
            "CN=localhost",
            key,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        ).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var scenario = new ReceiverScenario(certificate: certificate);
        Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync("{}"));
        Assert.DoesNotContain("200", await SendAsync(scenario, "GET /whatsapp/health HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_is_answered_as_such_and_nothing_is_confirmed()
    {
        await using var scenario = new ReceiverScenario();
        Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync("{\"n\":1}"));
        Directory.Move(scenario.Folder["spool"], scenario.Folder["away"]);
        await File.WriteAllTextAsync(scenario.Folder["spool"], "in the way");

        // The open file can still be written; the next one cannot be created.
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 9; i++)
            statuses.Add(await scenario.PostAsync($"{{\"n\":{i},\"t\":\"{new string('x', 3 << 20)}\"}}"));
        Assert.Contains(HttpStatusCode.ServiceUnavailable, statuses);
        File.Delete(scenario.Folder["spool"]);
        Directory.Move(scenario.Folder["away"], scenario.Folder["spool"]);
        Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync("{\"n\":99}"));
        Assert.Equal(1 + statuses.Count(status => status == HttpStatusCode.OK) + 1, (await scenario.SpooledAsync()).Count);
    }

    [Fact]
    public async Task A_torn_line_is_passed_over_and_reading_goes_on_where_it_was()
    {
        await using var scenario = new ReceiverScenario();
        await scenario.PostAsync("{\"n\":1}");
        await scenario.PostAsync("{\"n\":2}");
        await scenario.StopAsync();
        var file = Assert.Single(Directory.GetFiles(scenario.Folder["spool"]));
        var bytes = await File.ReadAllBytesAsync(file);
        var first = bytes.AsSpan().IndexOf((byte)'\n') + 1;
        for (var length = first; length < bytes.Length; length++)
        {
            var records = new List<(SpoolRecord? Record, long End)>();
            await foreach (var record in SpoolReader.ReadAsync(new MemoryStream(bytes[..length]), 0, default))
                records.Add(record);
            Assert.Equal(first, Assert.Single(records).End);
        }

        await foreach (var (record, end) in SpoolReader.ReadAsync(new MemoryStream(bytes[first..]), first, default))
            Assert.Equal(("{\"n\":2}", (long)bytes.Length), (Encoding.UTF8.GetString(record!.Body.Span), end));
    }

    [Fact]
    public async Task A_file_is_not_written_to_any_more_an_hour_after_it_was_begun()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var scenario = new ReceiverScenario(time);
        await scenario.PostAsync("{\"n\":1}");
        time.Advance(TimeSpan.FromMinutes(61));
        await scenario.PostAsync("{\"n\":2}");
        Assert.Equal(2, Directory.GetFiles(scenario.Folder["spool"]).Length);
        Assert.Equal(["{\"n\":1}", "{\"n\":2}"], await scenario.SpooledAsync());
    }

    [Theory]
    [InlineData("th-TH")]
    [InlineData("ar-SA")]
    [InlineData("fa-IR")]
    public async Task Files_have_the_same_names_in_every_culture(string culture)
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
            var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
            await using var scenario = new ReceiverScenario(time);
            await scenario.PostAsync("{}");
            Assert.StartsWith(
                time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss-", CultureInfo.InvariantCulture),
                Path.GetFileName(Assert.Single(Directory.GetFiles(scenario.Folder["spool"]))),
                StringComparison.Ordinal
            );
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public async Task Whatever_happens_to_the_writer_nobody_waits_for_it_and_the_next_one_is_written()
    {
        using var folder = new TestSupport.TemporaryFolder();
        await using var spool = new SpoolWriter(folder["spool"], new SecondLookFails());
        var failure = await Assert.ThrowsAsync<IOException>(() =>
            spool.AppendAsync("{}"u8.ToArray(), "", default).WaitAsync(TimeSpan.FromMinutes(1))
        );
        Assert.IsType<InvalidOperationException>(failure.InnerException);
        await spool.AppendAsync("{}"u8.ToArray(), "", default).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Single(Directory.GetFiles(folder["spool"]));
    }

    [Fact]
    public async Task An_outsider_who_takes_every_connection_keeps_nobody_out()
    {
        // From one address, as behind a proxy; and no connection is dropped for being slow.
        await using var scenario = new ReceiverScenario(patience: TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync("{\"n\":1}"));
        var outsiders = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 700; i++)
            {
                var outsider = new TcpClient();
                outsiders.Add(outsider);
                await outsider.ConnectAsync(scenario.Endpoint);
                if (i % 2 == 0)
                    await outsider.GetStream().WriteAsync("POST /whatsapp HTTP/1.1\r\nContent-Length: 100\r\n\r\n{"u8.ToArray());
            }

            // The existing connection stays, and a new one is admitted.
            Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync("{\"n\":2}"));
            using var another = new HttpClient { BaseAddress = scenario.Client.BaseAddress };
            Assert.Contains("healthy", await another.GetStringAsync("/whatsapp/health"), StringComparison.Ordinal);
        }
        finally
        {
            outsiders.ForEach(outsider => outsider.Dispose());
        }

        Assert.Equal(["{\"n\":1}", "{\"n\":2}"], await scenario.SpooledAsync());
    }

    [Fact]
    public async Task Large_bodies_that_never_end_keep_no_large_body_out()
    {
        await using var scenario = new ReceiverScenario(patience: TimeSpan.FromHours(1));
        var outsiders = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 8; i++)
            {
                var outsider = new TcpClient();
                outsiders.Add(outsider);
                await outsider.ConnectAsync(scenario.Endpoint);
                await outsider.GetStream().WriteAsync("POST /whatsapp HTTP/1.1\r\nContent-Length: 16000000\r\n\r\n"u8.ToArray());
                await outsider.GetStream().WriteAsync(new byte[12_000_000]);
            }

            Assert.Equal(HttpStatusCode.OK, await scenario.PostAsync($"{{\"t\":\"{new string('x', 3 << 20)}\"}}"));
        }
        finally
        {
            outsiders.ForEach(outsider => outsider.Dispose());
        }

        Assert.Single(await scenario.SpooledAsync());
    }

    // The first call comes from the appender, the second from the writer itself.
    private sealed class SecondLookFails : TimeProvider
    {
        private int _looks;

        public override DateTimeOffset GetUtcNow() =>
            Interlocked.Increment(ref _looks) == 2 ? throw new InvalidOperationException("Nobody foresaw this.") : base.GetUtcNow();
    }

    // What a client sees until the receiver closes the connection, or two seconds of silence.
    private static async Task<string> SendAsync(ReceiverScenario scenario, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(scenario.Endpoint);
        var stream = client.GetStream();
        var answer = new StringBuilder();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
            client.Client.Shutdown(SocketShutdown.Send);
            using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            var buffer = new byte[4096];
            for (int read; (read = await stream.ReadAsync(buffer, brief.Token)) > 0; )
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
        {
            // Closed in the middle: what was answered so far counts.
        }

        return answer.ToString();
    }
}
