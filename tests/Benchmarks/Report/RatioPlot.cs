using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KlarKonform.Backup.Benchmarks.Report;

/// <summary>
/// Draws the last line of <c>all</c>: ratios as bars, shorter is better, 1 is the peer; below them memory against the number of items.
/// </summary>
internal static class RatioPlot
{
    private const int Label = 380;
    private const int Width = 380;
    private const int Row = 26;
    private const double MostRatio = 2;

    // Memory of a run, by the number of its items.
    private static readonly (string Benchmark, string Name, string Text)[] s_memory =
    [
        ("mail", "peakMiB10000", "10,000 mails"),
        ("mail", "peakMiB50000", "50,000 mails"),
        ("mail", "peakMiB200000", "200,000 mails"),
        ("drive", "peakMiB", "4,000 files, 2 GiB"),
        ("drive", "millionFirstPeakMiB", "1,000,000 files, first backup"),
        ("drive", "incrementalPeakMiB", "1,000,000 files, 100 changed"),
    ];

    public static async Task WriteAsync(string figures, string image)
    {
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(figures));
        var ratios = Figure
            .Ratios.Select(figure => (Figure: figure, Value: figure.Find(json.RootElement)))
            .Where(each => each.Value is not null)
            .ToArray();
        var memory = s_memory
            .Select(each => (each.Text, Value: new Figure(each.Benchmark, each.Name, each.Text, null).Find(json.RootElement)))
            .Where(each => each.Value is not null)
            .ToArray();
        var height = ((ratios.Length + memory.Length) * Row) + 100;
        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Label + Width + 70} {height}\" "
                + $"font-family=\"sans-serif\" font-size=\"13\" role=\"img\" aria-label=\"Ratios against peers, and memory "
                + $"against items\"><rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
        );
        var top = 10;
        foreach (var (figure, value) in ratios)
        {
            var length = Math.Min(value!.Value, MostRatio) / MostRatio * Width;
            Bar(svg, top, figure.Text, length, figure.IsReachedBy(value.Value) ? "#2e6f9e" : "#b3541e");
            var end = length;
            if (figure.Goal is { } goal)
            {
                var at = goal / MostRatio * Width;
                end = Math.Max(end, at);
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<line x1=\"{Label + at:0.0}\" x2=\"{Label + at:0.0}\" y1=\"{top - 1}\" y2=\"{top + 21}\" "
                        + $"stroke=\"#222222\" stroke-width=\"2\"/>"
                );
            }

            Text(svg, top, end, string.Create(CultureInfo.InvariantCulture, $"{value:0.00}"));
            top += Row;
        }

        var one = Label + (Width / MostRatio);
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<line x1=\"{one:0.0}\" x2=\"{one:0.0}\" y1=\"4\" y2=\"{top}\" stroke=\"#888888\" stroke-dasharray=\"4 3\"/>"
                + $"<text x=\"10\" y=\"{top + 20}\" fill=\"#222222\">Shorter is better. Dashed: the peer; bold: the goal; "
                + $"red-brown: goal missed.</text>\n"
        );
        top += 40;
        if (memory.Length > 0)
        {
            var most = memory.Max(each => each.Value!.Value);
            foreach (var (text, value) in memory)
            {
                var length = value!.Value / most * Width;
                Bar(svg, top, text, length, "#5f7f5f");
                Text(svg, top, length, string.Create(CultureInfo.InvariantCulture, $"{value:0} MiB"));
                top += Row;
            }

            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"10\" y=\"{top + 20}\" fill=\"#222222\">Peak memory of a run against the number of items.</text>"
            );
        }

        svg.Append("</svg>\n");
        await File.WriteAllTextAsync(image, svg.ToString());
    }

    private static void Bar(StringBuilder svg, int top, string text, double length, string colour) =>
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{Label - 8}\" y=\"{top + 14}\" text-anchor=\"end\" fill=\"#222222\">{text}</text><rect x=\"{Label}\" "
                + $"y=\"{top + 2}\" width=\"{length:0.0}\" height=\"16\" fill=\"{colour}\"/>"
        );

    private static void Text(StringBuilder svg, int top, double end, string text) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Label + end + 6:0.0}\" y=\"{top + 14}\" fill=\"#222222\">{text}</text>\n");
}
