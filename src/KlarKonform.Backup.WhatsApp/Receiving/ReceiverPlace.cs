using System.Net;
using System.Net.Sockets;

namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>A connection's slot. Its state is guarded by <see cref="ReceiverPlaces"/>.</summary>
internal sealed class ReceiverPlace(Socket socket, IPAddress origin, long turn)
{
    /// <summary>The client's origin: its address, or for IPv6 the network that one customer gets (RFC 6177).</summary>
    public IPAddress Origin => origin;

    /// <summary>When it connected, or moved on to its next request: the smaller, the longer ago.</summary>
    public long Turn { get; set; } = turn;

    /// <summary>Whether it has proved that it knows one of the app's secrets.</summary>
    public bool IsProven { get; set; }

    /// <summary>Whether its data is being written to the disk: then it is not disconnected.</summary>
    public bool IsStoring { get; set; }

    /// <summary>Bytes of a large body that are in memory.</summary>
    public long Held { get; set; }

    /// <summary>Whether it was disconnected.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Ends the connection, whatever it is waiting for.</summary>
    public void SendAway()
    {
        IsGone = true;
        socket.Dispose();
    }
}
