using System.Globalization;
using System.Text.Json;

namespace KlarKonform.Backup.Benchmarks.Report;

/// <summary>One figure of the table: its place in the JSON line of <c>all</c>, and its goal.</summary>
/// <param name="Benchmark">The benchmark's name.</param>
/// <param name="Name">The figure's name in its result.</param>
/// <param name="Text">Description, with the peer and the unit.</param>
/// <param name="Goal">What it must not exceed; null if there is no goal.</param>
internal sealed record Figure(string Benchmark, string Name, string Text, double? Goal)
{
    private const double MiB = 1 << 20;

    /// <summary>Relative to a peer or a limit: below 1 is better than that.</summary>
    public static readonly IReadOnlyList<Figure> Ratios =
    [
        new("repository", "wallBig", "1 GiB of large files: time / restic", 0.7),
        new("repository", "cpuBig", "… CPU / restic", 0.8),
        new("repository", "memoryBig", "… peak memory / restic", 1.5),
        new("repository", "sizeBig", "… repository size / restic", 1.03),
        new("repository", "restoreBig", "… restore time / restic", 0.8),
        new("repository", "wallSmall", "50,000 small files: time / restic", 0.7),
        new("repository", "cpuSmall", "… CPU / restic", 0.8),
        new("repository", "memorySmall", "… peak memory / restic", 1.5),
        new("repository", "sizeSmall", "… repository size / restic", 1.03),
        new("repository", "restoreSmall", "… restore time / restic", 0.8),
        new("drive", "wallVsRclone", "OneDrive, first backup: time / rclone", 0.9),
        new("drive", "wallVsRcloneAndRestic", "… / rclone and restic", null),
        new("drive", "unchangedVsRclone", "OneDrive, unchanged run: time / rclone", null),
        new("drive", "unchangedVsRcloneAndRestic", "… / rclone and restic", null),
        new("drive", "restoreVsRclone", "OneDrive, restore: time / rclone", null),
        new("drive", "restoreVsRcloneAndRestic", "… / restic", null),
        new("mail", "quotaRatio", "mail, first backup: time / what latency and quotas allow", 1.1),
        new("search", "ratio", "search: time / restic find", null),
    ];

    /// <summary>In their own units.</summary>
    public static readonly IReadOnlyList<Figure> Amounts =
    [
        new("mail", "violations", "mail: limits broken", 0),
        new("mail", "unchangedRequestsPerFolder", "mail, unchanged run: requests a folder", 1),
        new("mail", "unchangedSeconds", "mail, unchanged run: s", null),
        new("mail", "peakMiB10000", "mail, 10,000 mails: peak MiB", null),
        new("mail", "peakMiB50000", "mail, 50,000 mails: peak MiB", null),
        new("mail", "peakMiB200000", "mail, 200,000 mails: peak MiB", null),
        new("mail", "memorySpreadMiB", "mail, 10,000 to 200,000 mails: more MiB", 64),
        new("drive", "peakMiB", "OneDrive, first backup of 2 GiB: peak MiB", Math.Floor(300e6 / MiB)),
        new("drive", "coldReadMiB", "1,000,000 files, 100 changed, new machine: MiB of objects read", Math.Floor(20e6 / MiB)),
        new("drive", "incrementalSeconds", "… s", 30),
        new("drive", "incrementalPeakMiB", "… peak MiB", Math.Floor(400e6 / MiB)),
        new("drive", "millionFirstPeakMiB", "1,000,000 files, first backup: peak MiB", null),
        new("search", "warmSeconds", "search of 200,000 mails, warm: s", 2),
        new("search", "coldSeconds", "… cold: s", null),
        new("startup", "importMilliseconds", "Import-Module: ms", 250),
        new("startup", "firstStatusMilliseconds", "first Get-KKBackupStatus: ms", 400),
        new("receiver", "coreMillisecondsPerWebhook", "WhatsApp receiver: ms of a core a webhook", null),
        new("receiver", "lost", "… confirmed webhooks lost over kills", 0),
        new("receiver", "doubled", "… doubled", 0),
        new("index", "bytesPerBlob", "index in memory: bytes a blob", 60),
        new("workers", "itemsLost", "eight processes, one killed, one paused: items lost", 0),
        new("workers", "itemsDoubled", "… items doubled", 0),
        new("workers", "speedup", "… speed-up, undisturbed", null),
        new("chaos", "itemsLost", "runs killed: items lost", 0),
        new("chaos", "itemsDoubled", "… items doubled", 0),
        new("chaos", "resticCheckFailures", "… repositories that restic finds broken", 0),
        new("chaos", "downloadedTwicePercent", "… % of bytes downloaded twice", 2),
    ];

    /// <summary>Whether the value reaches the goal; true if there is none.</summary>
    public bool IsReachedBy(double value) => Goal is not { } goal || value <= goal;

    /// <summary>Its value in the JSON line; null if the benchmark did not run or the comparison failed.</summary>
    public double? Find(JsonElement figures) =>
        figures.TryGetProperty(Benchmark, out var group)
        && group.TryGetProperty(Name, out var value)
        && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : null;

    /// <summary>Both lists as a table in Markdown, ratios first.</summary>
    public static string Table(JsonElement figures)
    {
        var rows = new List<string> { "| what | measured | goal | |", "|---|---|---|---|" };
        foreach (var (list, format) in new[] { (Ratios, "0.00"), (Amounts, "0.##") })
        {
            foreach (var figure in list)
            {
                if (figure.Find(figures) is { } value)
                    rows.Add(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"| {figure.Text} | {value.ToString(format, CultureInfo.InvariantCulture)} | "
                                + $"{figure.Goal?.ToString("0.##", CultureInfo.InvariantCulture) ?? "–"} | "
                                + $"{(figure.IsReachedBy(value) ? "" : "**missed**")} |"
                        )
                    );
            }
        }

        return string.Join('\n', rows);
    }
}
