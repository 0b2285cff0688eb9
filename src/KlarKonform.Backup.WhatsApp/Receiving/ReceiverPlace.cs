using System.Net;
using System.Net.Sockets;

namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>A connection's place. Its state is guarded by <see cref="ReceiverPlaces"/>.</summary>
internal sealed class ReceiverPlace(Socket socket, IPAddress origin, long turn)
{
    /// <summary>Where the client is: its address, of IPv6 the network that one customer gets (RFC 6177).</summary>
    public IPAddress Origin => origin;

    /// <summary>When it came, or went on to its next request: the smaller, the longer ago.</summary>
    public long Turn { get; set; } = turn;

    /// <summary>Whether it has shown that it knows a secret of the app's.</summary>
    public bool IsProven { get; set; }

    /// <summary>Whether what it sent is on its way to the disk: it is not sent away then.</summary>
    public bool IsStoring { get; set; }

    /// <summary>Bytes of a large body that are in memory.</summary>
    public long Held { get; set; }

    /// <summary>Whether it was sent away.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Ends the connection, whatever it waits for.</summary>
    public void SendAway()
    {
        IsGone = true;
        socket.Dispose();
    }
}
