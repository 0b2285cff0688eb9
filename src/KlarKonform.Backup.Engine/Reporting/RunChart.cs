using System.Globalization;
using System.Text;
using KlarKonform.Backup.Engine.Formats;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>Values of runs over time: a line for cumulative values, bars for others.</summary>
internal sealed class RunChart(
    IReadOnlyList<BackupRun> runs,
    string title,
    IReadOnlyList<double> values,
    Func<double, string> format,
    bool isSum
)
{
    private const int Width = 300;
    private const int Height = 92;
    private const int Bottom = 14;

    public void Write(StringBuilder page)
    {
        page.Append("<figure><figcaption>").Append(ReportPage.Text(title)).Append("</figcaption>");
        if (values.Count == 0)
        {
            page.Append("<p class=\"small\">").Append(ReportPage.Text("Report_NoRun")).Append("</p></figure>");
            return;
        }

        var (low, high) = (Math.Min(0, values.Min()), Math.Max(values.Max(), 1));
        var (from, to) = (runs[0].Started, runs[^1].Started);
        var span = Math.Max(1, (to - from).TotalSeconds);
        var summary = Texts.Get(
            isSum ? "Report_GrowthSummary" : "Report_DurationSummary",
            format(values[^1]),
            format(values.Max()),
            format(Median())
        );
        page.Append(
            CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {Width} {Height + Bottom}\" width=\"{Width}\" role=\"img\" aria-label=\""
                + $"{Html.Encode(summary)}\"><line class=\"axis\" x1=\"0\" x2=\"{Width}\" y1=\"{Height}\" y2=\"{Height}\"/>"
        );
        var line = new StringBuilder();
        for (var i = 0; i < values.Count; i++)
        {
            var x = runs.Count == 1 ? Width / 2.0 : 4 + ((Width - 8) * (runs[i].Started - from).TotalSeconds / span);
            var y = Height - ((Height - 16) * (values[i] - low) / (high - low));
            if (isSum)
                line.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "M" : "L")}{x:0.#} {y:0.#}");
            else
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"<line class=\"bar h-{runs[i].Status.ToString().ToLowerInvariant()}\" x1=\"{x:0.#}\" x2=\"{x:0.#}\" y1=\""
                        + $"{Height}\" y2=\"{Math.Min(y, Height - 1):0.#}\"><title>"
                        + $"{Html.Encode($"{ReportPage.Moment(runs[i].Started)}: {format(values[i])}")}</title></line>"
                );
        }

        if (isSum)
            page.Append("<path class=\"line\" d=\"").Append(line).Append("\"/>");
        page.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"0\" y=\"10\">{Html.Encode(format(high))}</text><text x=\"0\" y=\"{Height + Bottom - 2}\">"
                + $"{Html.Encode(from.ToLocalTime().ToString("d", Html.Culture))}</text><text x=\"{Width}\" y=\""
                + $"{Height + Bottom - 2}\" text-anchor=\"end\">"
                + $"{Html.Encode(to.ToLocalTime().ToString("d", Html.Culture))}</text></svg>"
        );
        page.Append("<p class=\"small\">").Append(Html.Encode(summary)).Append("</p></figure>");
    }

    private double Median() => values.Order().ElementAt(values.Count / 2);
}
