using System.Net;
using System.Net.Sockets;

namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>
/// Who may stay when more want in than there is room for. Nobody is kept waiting at the door: somebody inside goes, first those who have shown
/// nothing, of them one of the address that has most connections, and of those the one that has taken longest. So an outsider sends himself away,
/// also where a proxy stands before the receiver and all come from one address: whoever just came, as Meta does, has seconds, and its
/// requests take a fraction of one. Thread-safe.
/// </summary>
/// <param name="connections">Connections at a time.</param>
/// <param name="memory">Bytes of large bodies in memory at a time.</param>
internal sealed class ReceiverPlaces(int connections, long memory)
{
    private readonly object _gate = new();
    private readonly HashSet<ReceiverPlace> _places = [];
    private long _turn;
    private TaskCompletionSource? _emptied;

    /// <summary>Lets a connection in; another one goes if need be. Null: all are busy with what is signed.</summary>
    public ReceiverPlace? TryEnter(Socket socket)
    {
        lock (_gate)
        {
            if (_places.Count(place => !place.IsGone) >= connections && !SendAway(_places))
                return null;
            var place = new ReceiverPlace(socket, OriginOf(socket), ++_turn);
            _places.Add(place);
            return place;
        }
    }

    /// <summary>The connection has ended.</summary>
    public void Leave(ReceiverPlace place)
    {
        lock (_gate)
        {
            _places.Remove(place);
            if (_places.Count == 0)
                _emptied?.TrySetResult();
        }
    }

    /// <summary>A request was answered: what follows is the next one's.</summary>
    public void Next(ReceiverPlace place)
    {
        lock (_gate)
            (place.Turn, place.IsStoring, place.Held) = (++_turn, false, 0);
    }

    /// <summary>It has shown that it knows a secret.</summary>
    /// <param name="place">The connection.</param>
    /// <param name="stores">Whether what it sent goes to the disk now.</param>
    public void Prove(ReceiverPlace place, bool stores)
    {
        lock (_gate)
            (place.IsProven, place.IsStoring) = (true, stores);
    }

    /// <summary>A large body has grown; others' go if need be, and with them their connections.</summary>
    /// <exception cref="HttpProtocolException">503: there is no room, and nobody else's body to send away.</exception>
    public void Grow(ReceiverPlace place, long bytes)
    {
        lock (_gate)
        {
            while (_places.Where(each => !each.IsGone).Sum(each => each.Held) + bytes > memory)
            {
                if (!SendAway(_places.Where(each => each.Held > 0 && each != place)))
                    throw new HttpProtocolException(503);
            }

            place.Held += bytes;
        }
    }

    /// <summary>Waits until everybody has left.</summary>
    public Task EmptyAsync()
    {
        lock (_gate)
        {
            _emptied ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_places.Count == 0)
                _emptied.TrySetResult();
            return _emptied.Task;
        }
    }

    private static bool SendAway(IEnumerable<ReceiverPlace> among)
    {
        var candidates = among.Where(place => !place.IsGone && !place.IsStoring).ToArray();
        if (candidates.Length == 0)
            return false;
        var strangers = candidates.Where(place => !place.IsProven).ToArray();
        var crowd = strangers.Length == 0 ? candidates : strangers.GroupBy(place => place.Origin).MaxBy(group => group.Count())!.ToArray();
        crowd.MinBy(place => place.Turn)!.SendAway();
        return true;
    }

    // An IPv6 customer has a network of 2^64 addresses at least.
    private static IPAddress OriginOf(Socket socket)
    {
        IPAddress address;
        try
        {
            address = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        }
        catch (SocketException)
        {
            return IPAddress.None; // It is gone already.
        }

        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var network = address.GetAddressBytes();
        network.AsSpan(8).Clear();
        return new IPAddress(network);
    }
}
