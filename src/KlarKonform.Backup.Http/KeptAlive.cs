using System.Net.Sockets;

namespace KlarKonform.Backup.Http;

/// <summary>
/// Connections that ask the other side for a sign of life while idle: so devices in between do not drop them, and a dead one is noticed.
/// </summary>
public static class KeptAlive
{
    // Below the five minutes after which many firewalls drop a connection, some after four (Azure's load balancer).
    private const int FirstAfterSeconds = 60;
    private const int EverySeconds = 15;
    private const int Times = 4;

    /// <summary>
    /// Connects as <see cref="SocketsHttpHandler"/> itself does; for its <see cref="SocketsHttpHandler.ConnectCallback"/>. With a proxy,
    /// this connects to the proxy.
    /// </summary>
    /// <exception cref="SocketException">It cannot be reached.</exception>
    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            Ask(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Ask(Socket socket)
    {
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, FirstAfterSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, EverySeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Times);
        }
        catch (SocketException)
        {
            // An older Windows knows the option but not its times; the limits of LineLimitHandler hold without it.
        }
    }
}
