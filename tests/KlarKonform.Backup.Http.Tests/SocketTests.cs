using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KlarKonform.Backup.Http.Tests;

/// <summary>Over real connections on loopback, with short limits.</summary>
public sealed class SocketTests : IDisposable
{
    private static readonly LineLimits s_short = new()
    {
        Headers = TimeSpan.FromMilliseconds(300),
        Silence = TimeSpan.FromMilliseconds(300),
    };
    private static readonly CancellationToken s_deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private Socket? _connected;

    public SocketTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_server_that_says_nothing_at_all_is_given_up_and_the_connection_closed()
    {
        var server = ServeAsync([]);
        await Assert.ThrowsAsync<HttpRequestException>(() => Client().GetAsync(Address, s_deadline));
        await server.WaitAsync(s_deadline);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nhalf")]
    public async Task A_server_that_stops_in_the_middle_is_given_up_and_the_connection_closed(string answer)
    {
        var server = ServeAsync(Encoding.ASCII.GetBytes(answer));
        using var response = await Client().GetAsync(Address, HttpCompletionOption.ResponseHeadersRead, s_deadline);
        await using (var body = await response.Content.ReadAsStreamAsync(s_deadline))
        {
            var four = new byte[4];
            await body.ReadExactlyAsync(four, s_deadline);
            Assert.Equal("half"u8.ToArray(), four);
            await Assert.ThrowsAsync<IOException>(async () => await body.ReadExactlyAsync(four, s_deadline));
        }

        await server.WaitAsync(s_deadline);
    }

    [Fact]
    public async Task A_compressed_answer_that_stops_is_given_up_too()
    {
        using var memory = new MemoryStream();
        await using (var gzip = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(System.Security.Cryptography.RandomNumberGenerator.GetBytes(10_000), s_deadline);
        var head = $"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {memory.Length}\r\n\r\n";
        var server = ServeAsync([.. Encoding.ASCII.GetBytes(head), .. memory.ToArray()[..5000]]);
        using var response = await Client().GetAsync(Address, HttpCompletionOption.ResponseHeadersRead, s_deadline);
        Assert.Null(response.Content.Headers.ContentLength);
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync(s_deadline));
        await server.WaitAsync(s_deadline);
    }

    [Fact]
    public async Task Connections_ask_for_a_sign_of_life()
    {
        var server = ServeAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        using var client = Client();
        using (await client.GetAsync(Address, s_deadline))
        {
            Assert.NotEqual(0, _connected!.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
            Assert.Equal(60, _connected.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
            Assert.True(_connected.NoDelay);
        }

        client.Dispose();
        await server.WaitAsync(s_deadline);
    }

    private Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    private HttpClient Client() =>
        new(
            new LineLimitHandler(
                new SocketsHttpHandler
                {
                    AutomaticDecompression = DecompressionMethods.All,
                    ConnectCallback = async (context, token) =>
                    {
                        var stream = await KeptAlive.ConnectAsync(context, token);
                        _connected = ((NetworkStream)stream).Socket;
                        return stream;
                    },
                },
                s_short,
                TimeProvider.System
            )
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };

    // Sends this, then nothing, and returns when the client has closed.
    private async Task ServeAsync(byte[] answer)
    {
        using var socket = await _listener.AcceptSocketAsync(s_deadline);
        var buffer = new byte[4096];
        await socket.ReceiveAsync(buffer, s_deadline);
        await socket.SendAsync(answer, s_deadline);
        try
        {
            while (await socket.ReceiveAsync(buffer, s_deadline) > 0) { }
        }
        catch (SocketException)
        {
            // Reset: closed as well.
        }
    }
}
