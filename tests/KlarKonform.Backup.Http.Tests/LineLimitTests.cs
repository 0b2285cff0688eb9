using System.Net;

namespace KlarKonform.Backup.Http.Tests;

public sealed class LineLimitTests
{
    private static readonly LineLimits s_limits = new() { Headers = TimeSpan.FromMinutes(2), Silence = TimeSpan.FromMinutes(1) };
    private static readonly TimeSpan s_almost = TimeSpan.FromSeconds(55);
    private readonly WatchedTime _time = new();

    [Fact]
    public async Task Headers_that_do_not_come_are_a_broken_line()
    {
        var sending = Client(new Line { Before = (_, token) => Task.Delay(Timeout.Infinite, token) }).GetAsync("http://host.test/");
        await _time.RunningAsync();
        _time.Advance(TimeSpan.FromSeconds(119));
        Assert.False(sending.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => sending);
        Assert.IsType<TimeoutException>(failure.InnerException);
        Assert.Contains("host.test", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, _time.Alive);
    }

    [Theory]
    [InlineData("stream")]
    [InlineData("whole")]
    [InlineData("synchronous")]
    [InlineData("buffered by the client")]
    public async Task A_body_that_falls_silent_is_a_broken_line_however_it_is_read(string how)
    {
        var line = new Line();
        line.Send(1, 2, 3);
        var reading = Task.Run(async () =>
        {
            var completion =
                how == "buffered by the client" ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead;
            using var answer = await Client(line).GetAsync("http://host.test/", completion);
            if (how == "whole")
            {
                await answer.Content.ReadAsByteArrayAsync();
                return;
            }

            await using var body = await answer.Content.ReadAsStreamAsync();
            using var memory = new MemoryStream();
            if (how == "synchronous")
                body.CopyTo(memory);
            else
                await body.CopyToAsync(memory);
        });
        await line.ReadingAsync();
        await _time.RunningAsync();
        _time.Advance(TimeSpan.FromMinutes(1));
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => reading);
        Assert.True(failure is IOException or HttpRequestException, failure.ToString());
        Assert.Equal(0, _time.Alive);
    }

    [Fact]
    public async Task A_byte_now_and_then_keeps_a_line_alive_for_as_long_as_it_takes()
    {
        var line = new Line();
        using var answer = await Client(line).GetAsync("http://host.test/", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[10];
        for (byte number = 0; number < 100; number++)
        {
            var reading = body.ReadAsync(buffer).AsTask();
            await line.ReadingAsync();
            await _time.RunningAsync();
            _time.Advance(s_almost);
            line.Send(number);
            Assert.Equal(1, await reading);
            Assert.Equal(number, buffer[0]);
        }
    }

    [Fact]
    public async Task A_reader_that_is_busy_elsewhere_loses_nothing()
    {
        var line = new Line();
        using var answer = await Client(line).GetAsync("http://host.test/", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[10];
        for (var round = 0; round < 3; round++)
        {
            var reading = body.ReadAsync(buffer).AsTask();
            await line.ReadingAsync();
            await _time.RunningAsync();
            line.Send(7);
            Assert.Equal(1, await reading);
            _time.Advance(TimeSpan.FromDays(1));
        }
    }

    [Fact]
    public async Task An_upload_that_moves_is_waited_for_and_counts_from_its_last_byte()
    {
        var (written, go) = (0L, new SemaphoreSlim(0));
        var (more, all) = (new SemaphoreSlim(0), new TaskCompletionSource());
        var slow = new SlowStream(async count =>
        {
            Interlocked.Add(ref written, count);
            more.Release();
            await go.WaitAsync();
        });
        var line = new Line
        {
            Before = async (request, token) =>
            {
                await request.Content!.CopyToAsync(slow, token);
                all.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            },
        };
        using var content = new ByteArrayContent(new byte[1 << 20]);
        var sending = Client(line).PostAsync("http://host.test/", content);
        while (Interlocked.Read(ref written) < 1 << 20)
        {
            await more.WaitAsync();
            _time.Advance(TimeSpan.FromSeconds(110));
            Assert.False(sending.IsCompleted);
            go.Release();
        }

        await all.Task;

        // The limit for headers, plus a minute for what the operating system may still hold: 1 MiB at 16 KiB per second.
        _time.Advance(TimeSpan.FromSeconds(119 + 64));
        Assert.False(sending.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<HttpRequestException>(() => sending);
        Assert.Equal(0, _time.Alive);
    }

    [Fact]
    public async Task An_upload_that_nobody_takes_is_a_broken_line()
    {
        var line = new Line
        {
            Before = (request, token) => request.Content!.CopyToAsync(new SlowStream(_ => Task.Delay(Timeout.Infinite, token)), token),
        };
        using var content = new ByteArrayContent(new byte[1 << 20]);
        var sending = Client(line).PostAsync("http://host.test/", content);
        await _time.RunningAsync();
        _time.Advance(TimeSpan.FromMinutes(2));
        await Assert.ThrowsAsync<HttpRequestException>(() => sending);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelling_ends_the_wait_at_once_and_is_no_broken_line(bool inBody)
    {
        var line = new Line { Before = (_, token) => inBody ? Task.CompletedTask : Task.Delay(Timeout.Infinite, token) };
        using var stop = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://host.test/");
            using var invoker = new HttpMessageInvoker(new LineLimitHandler(line, s_limits, _time), disposeHandler: false);
            using var answer = await invoker.SendAsync(request, stop.Token);
            await using var body = await answer.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[1], stop.Token);
        });
        await (inBody ? line.ReadingAsync() : _time.RunningAsync());
        await stop.CancelAsync();
        var failure = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.Equal(stop.Token, failure.CancellationToken);
        Assert.Equal(0, _time.Alive);
    }

    [Fact]
    public async Task Thousands_of_requests_leave_no_timer_behind()
    {
        var client = Client(
            new Line { Before = (request, token) => request.Content?.CopyToAsync(Stream.Null, token) ?? Task.CompletedTask }
        );
        for (var number = 0; number < 1000; number++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "http://host.test/") { Content = new ByteArrayContent([1, 2, 3]) };
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            if (number % 2 == 0)
                _ = await answer.Content.ReadAsStreamAsync();
        }

        Assert.Equal(0, _time.Alive);
    }

    [Fact]
    public async Task Headers_of_both_bodies_pass_and_the_request_keeps_its_own_body()
    {
        var line = new Line
        {
            Before = async (request, token) =>
            {
                Assert.Equal(
                    ("application/json", 3L),
                    (request.Content!.Headers.ContentType!.MediaType, request.Content.Headers.ContentLength)
                );
                Assert.Equal([1, 2, 3], await request.Content.ReadAsByteArrayAsync(token));
            },
        };
        line.Send(5);
        line.End();
        using var content = new ByteArrayContent([1, 2, 3]);
        content.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Put, "http://host.test/") { Content = content };
        using var invoker = new HttpMessageInvoker(new LineLimitHandler(line, s_limits, _time), disposeHandler: false);
        using var answer = await invoker.SendAsync(request, default);
        Assert.Same(content, request.Content);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal([5], await answer.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, true)]
    [InlineData(HttpStatusCode.TooManyRequests, false)]
    [InlineData(HttpStatusCode.ServiceUnavailable, false)]
    public async Task Only_what_was_let_through_counts_as_progress(HttpStatusCode status, bool counts)
    {
        var moves = 0;
        var line = new Line { Status = status };
        line.Send(1);
        line.End();
        using var client = new HttpClient(new LineLimitHandler(line, s_limits, _time, () => Interlocked.Increment(ref moves)));
        using var answer = await client.GetAsync("http://host.test/");
        Assert.Equal(counts ? 2 : 0, moves);
    }

    private HttpClient Client(Line line) => new(new LineLimitHandler(line, s_limits, _time)) { Timeout = Timeout.InfiniteTimeSpan };

    private sealed class SlowStream(Func<int, Task> write) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            await write(buffer.Length);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => write(count);
    }
}
