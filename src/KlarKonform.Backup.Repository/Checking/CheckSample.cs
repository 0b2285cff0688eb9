using System.Globalization;
using System.Text.RegularExpressions;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Checking;

/// <summary>
/// How much of the data a check reads, in restic's notation: <c>1/20</c> (the first of twenty parts; the twenty together are everything),
/// <c>5%</c> or <c>500MB</c> (drawn at random).
/// </summary>
public sealed partial class CheckSample
{
    private readonly Func<IReadOnlyDictionary<BlobId, long>, Random, IReadOnlyList<BlobId>> _select;

    private CheckSample(Func<IReadOnlyDictionary<BlobId, long>, Random, IReadOnlyList<BlobId>> select) => _select = select;

    /// <summary>Nothing: only the structure.</summary>
    public static CheckSample None { get; } = new((_, _) => []);

    /// <summary>Every pack.</summary>
    public static CheckSample All { get; } = new((packs, _) => [.. packs.Keys]);

    /// <summary>Reads the notation, or returns null.</summary>
    public static CheckSample? TryParse(string text)
    {
        if (Parts().Match(text) is { Success: true } parts)
        {
            // As in restic, the first byte of a pack's id determines its part, so there are at most 256 parts.
            var (part, of) = (Number(parts, "part"), Number(parts, "of"));
            return part >= 1 && part <= of && of <= 256
                ? new CheckSample((packs, _) => [.. packs.Keys.Where(pack => pack.FirstByte % (int)of == (int)part - 1)])
                : null;
        }

        if (Percent().Match(text) is { Success: true } percent)
        {
            return Number(percent, "percent") is > 0 and <= 100 and var share
                ? new CheckSample((packs, random) => Shuffled(packs, random)[..(int)Math.Ceiling(packs.Count * share / 100)])
                : null;
        }

        if (Bytes().Match(text) is { Success: true } bytes)
        {
            var size =
                Number(bytes, "bytes")
                * Math.Pow(1024, " KMGT".IndexOf(char.ToUpperInvariant($"{bytes.Groups["unit"].Value} "[0]), StringComparison.Ordinal));
            return size > 0 ? new CheckSample((packs, random) => Up(packs, random, size)) : null;
        }

        return null;
    }

    /// <summary>Chooses packs.</summary>
    /// <param name="packs">Every pack with its size in bytes.</param>
    /// <param name="random">Draws packs if the share is not fixed.</param>
    public IReadOnlyList<BlobId> Select(IReadOnlyDictionary<BlobId, long> packs, Random random) => _select(packs, random);

    private static BlobId[] Shuffled(IReadOnlyDictionary<BlobId, long> packs, Random random)
    {
        var all = packs.Keys.ToArray();
        random.Shuffle(all);
        return all;
    }

    // At least one pack, and only as many as are needed to reach the size.
    private static List<BlobId> Up(IReadOnlyDictionary<BlobId, long> packs, Random random, double size)
    {
        var chosen = new List<BlobId>();
        foreach (var pack in Shuffled(packs, random))
        {
            if (size <= 0)
                break;
            chosen.Add(pack);
            size -= packs[pack];
        }

        return chosen;
    }

    private static double Number(Match match, string group) =>
        double.TryParse(match.Groups[group].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    [GeneratedRegex(@"^\s*(?<part>\d{1,3})\s*/\s*(?<of>\d{1,3})\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Parts();

    [GeneratedRegex(@"^\s*(?<percent>\d{1,3}(\.\d+)?)\s*%\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Percent();

    [GeneratedRegex(@"^\s*(?<bytes>\d{1,15})\s*((?<unit>[KMGT])(i?B)?|B)?\s*$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Bytes();
}
