using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KlarKonform.Backup.TestSupport;

/// <summary>An HTTP proxy on loopback that only supports CONNECT. Counts the tunnels.</summary>
public sealed class ConnectProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private int _tunnels;

    public ConnectProxy()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public int Tunnels => _tunnels;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = TunnelAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task TunnelAsync(TcpClient client)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                var near = client.GetStream();
                var head = new StringBuilder();
                var one = new byte[1];
                while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await near.ReadAsync(one, _stop.Token) == 1)
                    head.Append((char)one[0]);
                var target = head.ToString().Split(' ')[1].Split(':');
                await server.ConnectAsync(target[0], int.Parse(target[1], System.Globalization.CultureInfo.InvariantCulture), _stop.Token);
                Interlocked.Increment(ref _tunnels);
                await near.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), _stop.Token);
                var far = server.GetStream();
                await Task.WhenAny(near.CopyToAsync(far, _stop.Token), far.CopyToAsync(near, _stop.Token));
            }
            catch (Exception exception)
                when (exception
                        is IOException
                            or SocketException
                            or OperationCanceledException
                            or IndexOutOfRangeException
                            or FormatException
                )
            {
                // Either side hung up.
            }
        }
    }
}
