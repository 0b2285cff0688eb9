namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>
/// By how much an export's clock differs from the one that the archive shows: telephones export the time of where they are. Summer times may
/// differ too, so that it is not the same all the year. Immutable.
/// </summary>
public sealed class ChatShift
{
    private readonly (long Minute, int Offset)[] _anchors;

    internal ChatShift(IEnumerable<(long Minute, int Offset)> anchors) => _anchors = [.. anchors.OrderBy(anchor => anchor.Minute)];

    /// <summary>None.</summary>
    public static ChatShift None { get; } = new([]);

    /// <summary>Whether any time changes.</summary>
    public bool IsAny => _anchors.Any(anchor => anchor.Offset != 0);

    /// <summary>The shift of most messages, in minutes.</summary>
    public int Minutes => _anchors.Length == 0 ? 0 : _anchors.GroupBy(anchor => anchor.Offset).MaxBy(group => group.Count())!.Key;

    /// <summary>A time of the export as the archive's clock would show it: by the nearest message that both have.</summary>
    public DateTime Apply(DateTime time)
    {
        if (!IsAny)
            return time;
        var minute = time.Ticks / TimeSpan.TicksPerMinute;
        var (low, high) = (0, _anchors.Length - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_anchors[middle].Minute < minute)
                low = middle + 1;
            else
                high = middle;
        }

        var near = low > 0 && minute - _anchors[low - 1].Minute < Math.Abs(_anchors[low].Minute - minute) ? low - 1 : low;
        return time.AddMinutes(-_anchors[near].Offset);
    }
}
