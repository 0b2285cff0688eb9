using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>
/// Accepts Meta's webhooks: the verification handshake by GET, and by POST what is signed with the app's secret. It answers 200 once the
/// body is on the disk, and does nothing else with it; a request repeated after an interruption is stored twice, and backed up once. A path
/// <c>…/health</c> shows monitoring that it is alive. Used once.
/// </summary>
/// <remarks>
/// PowerShell's runtime has no Kestrel, and outside of Windows HttpListener supports neither TLS nor a foreign Host header on a loopback
/// address.
/// </remarks>
public sealed class WebhookReceiver(ReceiverOptions options, SpoolWriter spool) : IDisposable
{
    private const int MaxConnections = 512;

    // For all large bodies together; most bodies are smaller than a kilobyte.
    private const long LargeInMemory = 64L << 20;
    private const long MaxDiscarded = 128L << 20;

    private readonly ReceiverPlaces _places = new(MaxConnections, LargeInMemory);
    private readonly TcpListener _listener = new(options.Endpoint);
    private static readonly TimeSpan s_moment = TimeSpan.FromMilliseconds(10);
    private long _stored;
    private long _refused;
    private long _failed;

    /// <summary>What it has done so far.</summary>
    public ReceiverCounts Counts => new(Interlocked.Read(ref _stored), Interlocked.Read(ref _refused), Interlocked.Read(ref _failed));

    /// <summary>Starts listening.</summary>
    /// <returns>The address, with the port.</returns>
    /// <exception cref="SocketException">The address is in use or does not belong to this machine.</exception>
    public IPEndPoint Start()
    {
        _listener.Start(MaxConnections);
        return (IPEndPoint)_listener.LocalEndpoint;
    }

    /// <summary>Serves until cancelled; requests in progress are completed, for five seconds at most.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var abandon = new CancellationTokenSource();
        try
        {
            while (true)
            {
                Socket socket;
                try
                {
                    socket = await _listener.AcceptSocketAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (SocketException) when (!cancellationToken.IsCancellationRequested)
                {
                    // The client was gone before we looked, or descriptors ran out for a moment.
                    await Task.Delay(s_moment, TimeProvider.System, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                _ = ServeAsync(socket, await EnterAsync(socket, cancellationToken).ConfigureAwait(false), cancellationToken, abandon.Token);
            }
        }
        catch (OperationCanceledException)
        {
            _listener.Stop();
            abandon.CancelAfter(TimeSpan.FromSeconds(5));
            await _places.EmptyAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Releases the port.</summary>
    public void Dispose()
    {
        _listener.Dispose();
    }

    // TryEnter returns null only as long as the disk takes for signed requests.
    private async Task<ReceiverPlace> EnterAsync(Socket socket, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                if (_places.TryEnter(socket) is { } place)
                    return place;
                await Task.Delay(s_moment, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task ServeAsync(Socket socket, ReceiverPlace place, CancellationToken stop, CancellationToken abandon)
    {
        try
        {
            await Task.Yield();
            socket.NoDelay = true;
            using var network = new NetworkStream(socket, ownsSocket: true);
            await using var secure = options.Certificate is null ? null : new SslStream(network, leaveInnerStreamOpen: true);
            if (secure is not null)
            {
                using var brief = CancellationTokenSource.CreateLinkedTokenSource(abandon);
                brief.CancelAfter(options.RequestTime);
                await secure
                    .AuthenticateAsServerAsync(
                        new SslServerAuthenticationOptions
                        {
                            ServerCertificate = options.Certificate,
                            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                        },
                        brief.Token
                    )
                    .ConfigureAwait(false);
            }

            var connection = new HttpConnection(secure ?? (Stream)network);
            while (
                await RestAsync(connection, stop).ConfigureAwait(false)
                && await AnswerAsync(connection, place, stop, abandon).ConfigureAwait(false)
            )
                _places.Next(place);
        }
        catch (Exception exception)
            when (exception
                    is IOException
                        or SocketException
                        or OperationCanceledException
                        or AuthenticationException
                        or ObjectDisposedException
            )
        {
            // A client that hangs up, was dropped, or is not a real client: it got no response, so it knows that nothing was stored.
        }
        finally
        {
            _places.Leave(place);
        }
    }

    private async Task<bool> RestAsync(HttpConnection connection, CancellationToken stop)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(stop);
        idle.CancelAfter(options.IdleTime);
        return await connection.WaitAsync(idle.Token).ConfigureAwait(false);
    }

    // True if the connection may be reused.
    private async Task<bool> AnswerAsync(HttpConnection connection, ReceiverPlace place, CancellationToken stop, CancellationToken abandon)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(abandon);
        limit.CancelAfter(options.RequestTime);
        HttpRequest? request = null;
        try
        {
            request = await connection.ReadHeadAsync(limit.Token).ConfigureAwait(false);
            var keep = request.KeepsAlive && !stop.IsCancellationRequested;
            switch (request.Method)
            {
                case "GET" when request.Path == options.Path:
                    return await HandshakeAsync(connection, place, request, keep, limit.Token).ConfigureAwait(false);
                case "GET" when request.Path == options.Path.TrimEnd('/') + "/health":
                    var counts = Counts;
                    await connection
                        .AnswerAsync(
                            200,
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"{{\"healthy\":true,\"stored\":{counts.Stored},\"refused\":{counts.Refused},\"failed\":{counts.Failed}}}"
                            ),
                            keep,
                            limit.Token,
                            "application/json"
                        )
                        .ConfigureAwait(false);
                    return keep && request.Length is null or 0;
                case "POST" when request.Path == options.Path:
                    return await TakeAsync(connection, place, request, keep, limit.Token).ConfigureAwait(false);
                default:
                    throw new HttpProtocolException(request.Path == options.Path ? 405 : 404);
            }
        }
        catch (HttpProtocolException exception)
        {
            Interlocked.Increment(ref _refused);

            // A client that is still sending reads the response only after that.
            if (request is { Length: > 0, ExpectsContinue: false } && exception.Status is 413 or 404 or 405)
                await connection.DiscardAsync(Math.Min(request!.Length ?? 0, MaxDiscarded), limit.Token).ConfigureAwait(false);
            await connection.AnswerAsync(exception.Status, "", keepAlive: false, limit.Token).ConfigureAwait(false);
            return false;
        }
    }

    private async Task<bool> HandshakeAsync(
        HttpConnection connection,
        ReceiverPlace place,
        HttpRequest request,
        bool keep,
        CancellationToken cancellationToken
    )
    {
        var token = Encoding.UTF8.GetBytes(request.Query("hub.verify_token") ?? "");
        var challenge = request.Query("hub.challenge");
        var right = CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(token),
            SHA256.HashData(Encoding.UTF8.GetBytes(options.VerifyToken))
        );
        if (request.Query("hub.mode") != "subscribe" || challenge is null || !right)
            throw new HttpProtocolException(403);
        _places.Prove(place, stores: false);
        await connection.AnswerAsync(200, challenge, keep, cancellationToken).ConfigureAwait(false);
        return keep && request.Length is null or 0;
    }

    private async Task<bool> TakeAsync(
        HttpConnection connection,
        ReceiverPlace place,
        HttpRequest request,
        bool keep,
        CancellationToken cancellationToken
    )
    {
        var length = request.Length ?? throw new HttpProtocolException(411);
        if (length > SpoolReader.MaxBody)
            throw new HttpProtocolException(413);
        if (request.ExpectsContinue)
            await connection.ContinueAsync(cancellationToken).ConfigureAwait(false);
        var body = await connection
            .ReadBodyAsync(length, SpoolReader.MaxBody, bytes => _places.Grow(place, bytes), cancellationToken)
            .ConfigureAwait(false);
        var signature = request.Header(WebhookSignature.Header);
        if (signature is null || !WebhookSignature.Matches(body.Span, signature, options.AppSecret))
        {
            Interlocked.Increment(ref _refused);
            await connection.AnswerAsync(401, "", keep, cancellationToken).ConfigureAwait(false);
            return keep;
        }

        _places.Prove(place, stores: true);
        await StoreAsync(connection, body, signature, keep, cancellationToken).ConfigureAwait(false);
        return keep;
    }

    private async Task StoreAsync(
        HttpConnection connection,
        ReadOnlyMemory<byte> body,
        string signature,
        bool keep,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await spool.AppendAsync(body, signature, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Counted, and visible to monitoring; Meta sends it again.
            Interlocked.Increment(ref _failed);
            await connection.AnswerAsync(503, "", keep, cancellationToken).ConfigureAwait(false);
            return;
        }

        Interlocked.Increment(ref _stored);
        await connection.AnswerAsync(200, "", keep, cancellationToken).ConfigureAwait(false);
    }
}
