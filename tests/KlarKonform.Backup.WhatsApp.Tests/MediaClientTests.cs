using System.Net;
using System.Text;
using KlarKonform.Backup.TestSupport;
using KlarKonform.Backup.WhatsApp.Media;

namespace KlarKonform.Backup.WhatsApp.Tests;

public sealed class MediaClientTests
{
    [Fact]
    public async Task An_address_that_expired_is_asked_for_anew_and_the_token_goes_to_both()
    {
        var meta = new Answers();
        meta.Add(
            "/v23.0/900",
            HttpStatusCode.OK,
            """{"url":"https://lookaside.fbsbx.com/a","mime_type":"image/jpeg","sha256":"AA","file_size":"5"}"""
        );
        meta.Add("/a", HttpStatusCode.NotFound, "");
        meta.Add("/v23.0/900", HttpStatusCode.OK, """{"url":"https://lookaside.fbsbx.com/b","mime_type":"image/jpeg","file_size":"5"}""");
        meta.Add("/b", HttpStatusCode.OK, "bytes");
        await using var media = await Open(meta);
        Assert.Equal("bytes", await new StreamReader(media.Content).ReadToEndAsync());
        Assert.Equal((5, "image/jpeg"), (media.Size, media.MimeType));
        Assert.All(meta.Seen, request => Assert.Equal("Bearer token", request.Headers.Authorization!.ToString()));
    }

    [Theory]
    [InlineData(400, """{"error":{"code":100,"error_subcode":33,"message":"Object does not exist"}}""", WhatsAppErrorKind.MediaGone)]
    [InlineData(404, "", WhatsAppErrorKind.MediaGone)]
    [InlineData(401, """{"error":{"code":190,"message":"expired"}}""", WhatsAppErrorKind.AccessDenied)]
    [InlineData(403, """{"error":{"code":10,"message":"permission"}}""", WhatsAppErrorKind.AccessDenied)]
    [InlineData(429, "", WhatsAppErrorKind.Throttled)]
    [InlineData(400, """{"error":{"code":130429,"message":"rate"}}""", WhatsAppErrorKind.Throttled)]
    [InlineData(400, "<html>", WhatsAppErrorKind.Unreachable)]
    public async Task What_Meta_says_is_told_apart(int status, string body, WhatsAppErrorKind kind)
    {
        var meta = new Answers();
        meta.Add("/v23.0/900", (HttpStatusCode)status, body);
        Assert.Equal(kind, (await Assert.ThrowsAsync<WhatsAppException>(() => Open(meta))).Kind);
    }

    [Fact]
    public async Task Passing_failures_are_repeated()
    {
        var meta = new Answers();
        meta.Add("/v23.0/900", HttpStatusCode.ServiceUnavailable, "");
        meta.Add("/v23.0/900", HttpStatusCode.OK, """{"url":"https://lookaside.fbsbx.com/a"}""");
        meta.Add("/a", HttpStatusCode.BadGateway, "");
        meta.Add("/a", HttpStatusCode.OK, "x");
        await using var media = await Open(meta);
        Assert.Equal("x", await new StreamReader(media.Content).ReadToEndAsync());
    }

    [Theory]
    [InlineData(HttpStatusCode.PartialContent, "567")]
    [InlineData(HttpStatusCode.OK, "01234567")] // It does not support ranges: what is already there is skipped.
    public async Task A_download_that_broke_goes_on_where_it_stopped(HttpStatusCode status, string rest)
    {
        var meta = new Answers();
        meta.Add("/v23.0/900", HttpStatusCode.OK, """{"url":"https://lookaside.fbsbx.com/a","file_size":"8"}""");
        meta.Add("/a", HttpStatusCode.OK, "01234", breaks: true);
        meta.Add("/v23.0/900", HttpStatusCode.OK, """{"url":"https://lookaside.fbsbx.com/b","file_size":"8"}""");
        meta.Add("/b", status, rest);
        using var client = Client(meta);
        await using var media = await client.OpenAsync("900", null, default);
        Assert.Equal("01234567", await new StreamReader(media.Content).ReadToEndAsync());
        Assert.Equal("bytes=5-", meta.Seen[^1].Headers.Range!.ToString());
    }

    [Fact]
    public async Task A_download_that_breaks_again_and_again_without_a_byte_is_given_up()
    {
        var meta = new Answers();
        for (var attempt = 0; attempt < 4; attempt++)
        {
            meta.Add("/v23.0/900", HttpStatusCode.OK, """{"url":"https://lookaside.fbsbx.com/a"}""");
            meta.Add("/a", HttpStatusCode.OK, "", breaks: true);
        }

        using var client = Client(meta);
        await using var media = await client.OpenAsync("900", null, default);
        var failure = await Assert.ThrowsAsync<WhatsAppException>(() => new StreamReader(media.Content).ReadToEndAsync());
        Assert.Equal(WhatsAppErrorKind.Unreachable, failure.Kind);
    }

    [Fact]
    public async Task An_answer_about_a_file_that_broke_is_asked_for_again()
    {
        var meta = new Answers();
        meta.Add("/v23.0/900", HttpStatusCode.OK, """{"url":"https://looka""", breaks: true);
        meta.Add("/v23.0/900", HttpStatusCode.OK, """{"url":"https://lookaside.fbsbx.com/a"}""");
        meta.Add("/a", HttpStatusCode.OK, "x");
        await using var media = await Open(meta);
        Assert.Equal("x", await new StreamReader(media.Content).ReadToEndAsync());
    }

    [Theory]
    [InlineData("https://evil.example.com/a")]
    [InlineData("http://lookaside.fbsbx.com/a")]
    [InlineData("https://fbsbx.com.evil.example/a")]
    [InlineData("file:///etc/passwd")]
    [InlineData("nonsense")]
    public async Task The_token_is_sent_to_nobody_but_Meta(string address)
    {
        var meta = new Answers();
        meta.Add("/v23.0/900", HttpStatusCode.OK, $$"""{"url":"{{address}}"}""");
        await Assert.ThrowsAsync<WhatsAppException>(() => Open(meta));
        Assert.Single(meta.Seen);
    }

    private static async Task<MediaContent> Open(Answers meta)
    {
        using var client = Client(meta);
        return await client.OpenAsync("900", null, default);
    }

    private static MediaClient Client(Answers meta) => new(meta, new Uri("https://graph.facebook.com/v23.0"), "token", new ImmediateTime());

    private sealed class Answers : HttpMessageHandler
    {
        private readonly Queue<(string Path, HttpStatusCode Status, string Body, bool Breaks)> _answers = new();

        public List<HttpRequestMessage> Seen { get; } = [];

        public void Add(string path, HttpStatusCode status, string body, bool breaks = false) =>
            _answers.Enqueue((path, status, body, breaks));

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Seen.Add(request);
            var (path, status, body, breaks) = _answers.Dequeue();
            Assert.Equal(path, request.RequestUri!.AbsolutePath);
            var bytes = Encoding.UTF8.GetBytes(body);
            HttpContent content = breaks ? new StreamContent(new BreakingStream(bytes)) : new ByteArrayContent(bytes);
            if (status == HttpStatusCode.PartialContent)
                content.Headers.ContentRange = new(request.Headers.Range!.Ranges.Single().From!.Value, 7);
            return Task.FromResult(new HttpResponseMessage(status) { Content = content });
        }
    }

    private sealed class BreakingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < Length ? await base.ReadAsync(buffer, cancellationToken) : throw new IOException("The line broke.");

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
