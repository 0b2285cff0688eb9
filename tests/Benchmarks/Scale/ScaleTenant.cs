namespace KlarKonform.Backup.Benchmarks.Scale;

/// <summary>A large tenant in the model; sizes follow a log-normal distribution, like those of real mailboxes and drives.</summary>
/// <param name="Users">Mailboxes, and as many drives.</param>
/// <param name="Mails">Total number of mails.</param>
/// <param name="MailBytes">Average size of a mail in bytes.</param>
/// <param name="Files">Total number of files.</param>
/// <param name="FileBytes">Average size of a file in bytes.</param>
internal sealed record ScaleTenant(int Users, long Mails, double MailBytes, long Files, double FileBytes)
{
    // Of the logarithm: the fullest of ten thousand has about fifty times the average.
    private const double Spread = 1.3;

    /// <summary>10,000 mailboxes, 50 TB, 100 million items.</summary>
    public static ScaleTenant Large { get; } = new(10_000, 60_000_000, 100_000, 40_000_000, 1_100_000);

    /// <summary>Folders of a mailbox, each requested once per run.</summary>
    public const int Folders = 25;

    /// <summary>Mails that a mailbox gets per day.</summary>
    public const int NewMails = 40;

    /// <summary>Files that change in a drive per day.</summary>
    public const int ChangedFiles = 20;

    /// <summary>The distribution of the items over users; the same for the same seed.</summary>
    public IReadOnlyList<(double Mails, double Files)> Spreads(int seed)
    {
        var random = new Random(seed);
        var weights = Enumerable.Range(0, Users).Select(_ => (Mail: Weight(random), File: Weight(random))).ToArray();
        var (mail, file) = (weights.Sum(weight => weight.Mail), weights.Sum(weight => weight.File));
        return [.. weights.Select(weight => (Mails * weight.Mail / mail, Files * weight.File / file))];
    }

    // The Box-Muller transform: from two uniform numbers to a normal one.
    private static double Weight(Random random) =>
        Math.Exp(Spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
