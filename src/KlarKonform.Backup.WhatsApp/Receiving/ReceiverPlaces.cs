using System.Net;
using System.Net.Sockets;

namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>
/// Decides which connections may stay when there are more than there is room for. A new connection never waits: an existing one is dropped
/// instead, first those that have proved nothing, of these one from the address with the most connections, and of these the one that has
/// taken longest. So outsiders only displace themselves, even behind a proxy where all connections come from one address: a connection that
/// has just arrived, like Meta's, has seconds, and its requests take a fraction of one. Thread-safe.
/// </summary>
/// <param name="connections">Maximum number of connections.</param>
/// <param name="memory">Maximum bytes of large bodies in memory.</param>
internal sealed class ReceiverPlaces(int connections, long memory)
{
    private readonly object _gate = new();
    private readonly HashSet<ReceiverPlace> _places = [];
    private long _turn;
    private TaskCompletionSource? _emptied;

    /// <summary>Admits a connection; another one is dropped if necessary. Null: all are busy with signed requests.</summary>
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

    /// <summary>Records that the connection has ended.</summary>
    public void Leave(ReceiverPlace place)
    {
        lock (_gate)
        {
            _places.Remove(place);
            if (_places.Count == 0)
                _emptied?.TrySetResult();
        }
    }

    /// <summary>Records that a request was answered: what follows belongs to the next one.</summary>
    public void Next(ReceiverPlace place)
    {
        lock (_gate)
            (place.Turn, place.IsStoring, place.Held) = (++_turn, false, 0);
    }

    /// <summary>Records that it has proved that it knows a secret.</summary>
    /// <param name="place">The connection.</param>
    /// <param name="stores">Whether its data is written to the disk now.</param>
    public void Prove(ReceiverPlace place, bool stores)
    {
        lock (_gate)
            (place.IsProven, place.IsStoring) = (true, stores);
    }

    /// <summary>Records that a large body has grown; others are dropped if necessary, together with their connections.</summary>
    /// <exception cref="HttpProtocolException">503: there is no room, and no other body to drop.</exception>
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

    /// <summary>Waits until all connections have ended.</summary>
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

    // An IPv6 customer has a network of at least 2^64 addresses.
    private static IPAddress OriginOf(Socket socket)
    {
        IPAddress address;
        try
        {
            address = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        }
        catch (SocketException)
        {
            return IPAddress.None; // It is already closed.
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
