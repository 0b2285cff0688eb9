using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace KlarKonform.Backup.TestSupport;

/// <summary>
/// A connection to a server on loopback that can be cut, or fall silent as behind a firewall that dropped it, and be restored.
/// </summary>
public sealed class TcpGate : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Socket, bool> _open = new();
    private int _connections;
    private volatile bool _cut;
    private volatile bool _silent;

    /// <param name="server">The server's port on loopback.</param>
    public TcpGate(int server)
    {
        _server = server;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Resets every connection, and new ones as soon as they are opened.</summary>
    public void Cut()
    {
        _cut = true;
        foreach (var socket in _open.Keys)
            Reset(socket);
    }

    /// <summary>
    /// Lets nothing pass any more, in either direction, and closes nothing: existing connections stay that way for ever, and so do new ones
    /// from now on.
    /// </summary>
    public void FallSilent() => _silent = true;

    /// <summary>
    /// After this many bytes from the server a connection falls silent for ever; null for never. New connections start counting again.
    /// </summary>
    public long? SilentAfter { get; set; }

    /// <summary>Connections so far.</summary>
    public int Connections => _connections;

    /// <summary>New connections work again. What fell silent stays silent.</summary>
    public void Restore() => (_cut, _silent) = (false, false);

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        Cut();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ForwardAsync(await _listener.AcceptSocketAsync(_stop.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The gate is closed.
        }
    }

    private async Task ForwardAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            (_open[client], _open[server]) = (true, true);
            Interlocked.Increment(ref _connections);
            if (_cut)
                return;
            await server.ConnectAsync(IPAddress.Loopback, _server);
            var dead = new TaskCompletionSource();
            await Task.WhenAny(PumpAsync(client, server, null, dead), PumpAsync(server, client, SilentAfter, dead));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // The server is gone: so is the client's connection.
        }
        finally
        {
            _open.TryRemove(client, out _);
            _open.TryRemove(server, out _);
            Reset(client);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, long? silentAfter, TaskCompletionSource dead)
    {
        var buffer = new byte[64 << 10];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer)) > 0; )
            {
                if (_silent)
                    dead.TrySetResult();
                if (silentAfter is { } left)
                {
                    silentAfter = left - read;
                    read = (int)Math.Min(read, left);
                }

                for (var sent = 0; sent < read && !dead.Task.IsCompleted; )
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
                if (silentAfter < 0)
                    dead.TrySetResult();
                if (dead.Task.IsCompleted)
                    await Task.Delay(Timeout.Infinite, _stop.Token);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut, or closed by one side.
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Closed already.
        }

        socket.Dispose();
    }
}
