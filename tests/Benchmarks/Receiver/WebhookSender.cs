using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.Benchmarks.Receiver;

/// <summary>Sends webhooks as Meta does: until each is confirmed, whatever happens to the connection. One connection.</summary>
internal sealed class WebhookSender(int port, int number) : IDisposable
{
    private readonly byte[] _answer = new byte[512];
    private Socket? _socket;

    /// <summary>Ids that were confirmed.</summary>
    public List<string> Confirmed { get; } = [];

    /// <summary>Sends until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var id = $"wamid.{number}.{i}";
            var request = Request(id, number, i);
            while (!await TrySendAsync(request))
            {
                // The receiver is gone for a moment: Meta would retry later, we do so soon.
                await Task.Delay(20, CancellationToken.None);
            }

            Confirmed.Add(id);
        }
    }

    public void Dispose() => _socket?.Dispose();

    private static byte[] Request(string id, int number, int i)
    {
        var from = 49_171_000_000L + (number * 8) + (i % 8);
        var time = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var body = Encoding.UTF8.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{{\"object\":\"whatsapp_business_account\",\"entry\":[{{\"id\":\"102290129340398\","
                    + $"\"changes\":[{{\"value\":{{\"messaging_product\":\"whatsapp\","
                    + $"\"metadata\":{{\"display_phone_number\":\"49301234567\",\"phone_number_id\":\"106540352242922\"}},"
                    + $"\"contacts\":[{{\"profile\":{{\"name\":\"Kunde {from}\"}},\"wa_id\":\"{from}\"}}],"
                    + $"\"messages\":[{{\"from\":\"{from}\",\"id\":\"{id}\",\"timestamp\":\"{time}\","
                    + $"\"text\":{{\"body\":\"Wann kommt die Lieferung? Gr\\u00fc\\u00dfe, {i}\"}},"
                    + $"\"type\":\"text\"}}]}},\"field\":\"messages\"}}]}}]}}"
            )
        );
        var head = Encoding.ASCII.GetBytes(
            $"POST /whatsapp HTTP/1.1\r\nHost: chat.example.com\r\nUser-Agent: facebookexternalua\r\n"
                + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n"
                + $"{WebhookSignature.Header}: {WebhookSignature.Of(body, ReceiverProcess.Secret)}\r\n\r\n"
        );
        return [.. head, .. body];
    }

    private async Task<bool> TrySendAsync(byte[] request)
    {
        try
        {
            if (_socket is null)
            {
                _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await _socket.ConnectAsync(IPAddress.Loopback, port);
            }

            await _socket.SendAsync(request);
            var read = await _socket.ReceiveAsync(_answer);
            if (read > 12 && Encoding.ASCII.GetString(_answer, 9, 3) == "200")
                return true;
        }
        catch (SocketException)
        {
            // Interrupted: without an answer nothing counts as stored.
        }

        _socket?.Dispose();
        _socket = null;
        return false;
    }
}
