namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>
/// The offset of an export's clock from the archive's: telephones export times of their current location. Daylight saving times may differ
/// too, so the offset may change during the year. Immutable.
/// </summary>
public sealed class ChatShift
{
    private readonly (long Minute, int Offset)[] _anchors;
    private readonly IReadOnlySet<(long Minute, string? Author)> _archived;

    internal ChatShift(IEnumerable<(long Minute, int Offset)> anchors, IReadOnlySet<(long Minute, string? Author)> archived) =>
        (_anchors, _archived) = ([.. anchors.OrderBy(anchor => anchor.Minute)], archived);

    /// <summary>No shift.</summary>
    public static ChatShift None { get; } = new([], new HashSet<(long, string?)>());

    /// <summary>Whether any time changes.</summary>
    public bool IsAny => _anchors.Any(anchor => anchor.Offset != 0);

    /// <summary>The shift of most messages, in minutes.</summary>
    public int Minutes => _anchors.Length == 0 ? 0 : _anchors.GroupBy(anchor => anchor.Offset).MaxBy(group => group.Count())!.Key;

    /// <summary>
    /// Converts a time of the export to the archive's clock, based on the nearest messages that both have. Between two different offsets,
    /// where daylight saving time began on one side, the one is used for which the archive has a message of this author.
    /// </summary>
    /// <param name="time">The export's time.</param>
    /// <param name="author">Who wrote it.</param>
    public DateTime Apply(DateTime time, string? author)
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

        var (before, after) = (_anchors[Math.Max(0, low - 1)], _anchors[low]);
        var (near, far) = minute - before.Minute < Math.Abs(after.Minute - minute) ? (before, after) : (after, before);
        var isFar =
            near.Offset != far.Offset
            && !_archived.Contains((minute - near.Offset, author))
            && _archived.Contains((minute - far.Offset, author));
        return time.AddMinutes(-(isFar ? far : near).Offset);
    }
}
