namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>What two chats, or two exports of one, have in common.</summary>
public sealed class ChatOverlap
{
    // Zones differ by a whole number of quarter hours, and by at most 26 hours (UTC-12 to UTC+14).
    private const int Quarter = 15;
    private const int Widest = 26 * 60;

    // Where daylight saving times differ.
    private const int SummerTime = 60;

    // With fewer messages, a match under another clock may be chance.
    private const int EnoughToShift = 3;

    private ChatOverlap(int common, int possible, ChatShift shift, IReadOnlyList<(string? Archived, string? Exported)> authors) =>
        (Common, Possible, Shift, Authors) = (common, possible, shift, authors);

    /// <summary>The number of texts that occur once in both, at the same time.</summary>
    public int Common { get; }

    /// <summary>How many there could be: texts from the period that both cover, on the side that has fewer.</summary>
    public int Possible { get; }

    /// <summary>The offset of the export's clock.</summary>
    public ChatShift Shift { get; }

    /// <summary>The authors of the texts in both, as the archive and as the export names them.</summary>
    public IReadOnlyList<(string? Archived, string? Exported)> Authors { get; }

    /// <summary>Compares two chats.</summary>
    /// <param name="archived">What the archive has.</param>
    /// <param name="exported">What the export has.</param>
    public static ChatOverlap Of(ChatTraces archived, ChatTraces exported)
    {
        ArgumentNullException.ThrowIfNull(archived);
        ArgumentNullException.ThrowIfNull(exported);
        var pairs = exported
            .Once.Values.Where(each => archived.Once.ContainsKey(each.Content))
            .Select(each => (Archived: archived.Once[each.Content], Exported: each))
            .Select(pair => (pair.Archived, pair.Exported, Offset: pair.Exported.Minute - pair.Archived.Minute))
            .Where(pair => Math.Abs(pair.Offset) <= Widest)
            .ToArray();
        var votes = pairs
            .Where(pair => pair.Offset % Quarter == 0)
            .GroupBy(pair => (int)pair.Offset)
            .ToDictionary(group => group.Key, group => group.Count());
        var best = votes.Count == 0 ? 0 : votes.OrderByDescending(vote => vote.Value).ThenBy(vote => Math.Abs(vote.Key)).First().Key;

        // The clock only counts as different if most of the common texts show it.
        if (best != 0 && (votes[best] < EnoughToShift || votes[best] * 2 <= pairs.Length))
            best = 0;
        bool IsMeant(int offset) =>
            offset == best || (Math.Abs(offset - best) == SummerTime && votes.GetValueOrDefault(offset) >= EnoughToShift);
        var met = pairs.Where(pair => pair.Offset % Quarter == 0 && IsMeant((int)pair.Offset)).ToArray();
        return new ChatOverlap(
            met.Length,
            PossibleIn(archived, exported, best),
            new ChatShift(met.Select(pair => (pair.Exported.Minute, (int)pair.Offset)), archived.Moments),
            [.. met.Select(pair => (pair.Archived.Author, pair.Exported.Author)).Distinct()]
        );
    }

    private static int PossibleIn(ChatTraces archived, ChatTraces exported, int offset)
    {
        if (archived.Count == 0 || exported.Count == 0)
            return 0;
        var from = Math.Max(archived.Once.Values.Min(each => each.Minute), exported.Once.Values.Min(each => each.Minute) - offset);
        var to = Math.Min(archived.Once.Values.Max(each => each.Minute), exported.Once.Values.Max(each => each.Minute) - offset);
        return Math.Min(
            archived.Once.Values.Count(each => each.Minute >= from && each.Minute <= to),
            exported.Once.Values.Count(each => each.Minute - offset >= from && each.Minute - offset <= to)
        );
    }
}
