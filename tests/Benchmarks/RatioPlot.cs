using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>Draws the ratios of the last line of <c>all</c> as bars: shorter is better, 1 is the peer.</summary>
internal static class RatioPlot
{
    private const int Label = 330;
    private const int Width = 380;
    private const int Row = 26;
    private const double Most = 2;

    private static readonly (string Benchmark, string Name, string Text, double Goal)[] s_bars =
    [
        ("repository", "wallBig", "1 GiB of large files, time against restic", 0.7), ("repository", "cpuBig", "… CPU", 0.8), ("repository", "memoryBig", "… memory", 1.5), ("repository", "restoreBig", "… restore", 0.8),
        ("repository", "wallSmall", "50,000 small files, time against restic", 0.7), ("repository", "cpuSmall", "… CPU", 0.8), ("repository", "memorySmall", "… memory", 1.5), ("repository", "restoreSmall", "… restore", 0.8),
        ("drive", "wallVsRclone", "OneDrive, time against rclone", 0.9), ("mail", "quotaRatio", "mail, time against what quotas allow", 1.1), ("search", "ratio", "search, time against restic find", 1),
    ];

    public static async Task WriteAsync(string figures, string image)
    {
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(figures));
        var svg = new StringBuilder();
        var height = (s_bars.Length * Row) + 50;
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Label + Width + 70} {height}\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\" aria-label=\"Ratios against peers\"><rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        var top = 10;
        foreach (var (benchmark, name, text, goal) in s_bars)
        {
            if (!json.RootElement.TryGetProperty(benchmark, out var group) || !group.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Number)
                continue;
            var ratio = value.GetDouble();
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Label - 8}\" y=\"{top + 14}\" text-anchor=\"end\" fill=\"#222222\">{text}</text><rect x=\"{Label}\" y=\"{top + 2}\" width=\"{At(ratio):0.0}\" height=\"16\" fill=\"{(ratio <= goal ? "#2e6f9e" : "#b3541e")}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Label + At(goal):0.0}\" x2=\"{Label + At(goal):0.0}\" y1=\"{top - 1}\" y2=\"{top + 21}\" stroke=\"#222222\" stroke-width=\"2\"/><text x=\"{Label + At(Math.Max(ratio, goal)) + 6:0.0}\" y=\"{top + 14}\" fill=\"#222222\">{ratio:0.00}</text>\n");
            top += Row;
        }

        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Label + At(1):0.0}\" x2=\"{Label + At(1):0.0}\" y1=\"4\" y2=\"{top}\" stroke=\"#888888\" stroke-dasharray=\"4 3\"/><text x=\"10\" y=\"{top + 20}\" fill=\"#222222\">shorter is better; dashed: the peer, bold: the goal, red-brown: goal missed</text></svg>\n");
        await File.WriteAllTextAsync(image, svg.ToString());
    }

    private static double At(double ratio) => Math.Min(ratio, Most) / Most * Width;
}
