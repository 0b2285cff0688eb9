using System.Globalization;
using System.Text;
using KlarKonform.Backup.Engine.Formats;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>
/// A calendar of runs: one column per week, one cell per day, in the colour of the day's worst state. What the colours say is also said in
/// a sentence.
/// </summary>
internal sealed class HeatMap(IReadOnlyList<BackupRun> runs, int days, DateTimeOffset now)
{
    private const int Cell = 13;
    private const int Left = 30;
    private const int Top = 16;

    private static readonly BackupState[] s_worst = [BackupState.Failed, BackupState.Partial, BackupState.Running, BackupState.Succeeded];

    public void Write(StringBuilder page)
    {
        var today = DateOnly.FromDateTime(now.ToLocalTime().DateTime);
        var first = today.AddDays(1 - days);
        var monday = first.AddDays(-(((int)first.DayOfWeek + 6) % 7));
        var byDay = runs.GroupBy(run => DateOnly.FromDateTime(run.Started.ToLocalTime().DateTime))
            .ToDictionary(group => group.Key, group => group.ToArray());
        var weeks = ((today.DayNumber - monday.DayNumber) / 7) + 1;
        var counts = new Dictionary<BackupState, int>();
        var cells = new StringBuilder();
        for (var day = first; day <= today; day = day.AddDays(1))
        {
            var ran = byDay.GetValueOrDefault(day, []);
            BackupState? state =
                ran.Length == 0 ? null : s_worst.First(each => ran.Any(run => run.Status == each) || each == BackupState.Succeeded);
            if (state is { } known)
                counts[known] = counts.GetValueOrDefault(known) + 1;
            var (x, y) = (Left + (Cell * ((day.DayNumber - monday.DayNumber) / 7)), Top + (Cell * (((int)day.DayOfWeek + 6) % 7)));
            var name =
                $"{day.ToString("d", Html.Culture)}: "
                + $"{(state is null ? Texts.Get("Report_NoRun") : $"{HumanText.State(state.Value)} ({ran.Length})")}";
            cells.Append(
                CultureInfo.InvariantCulture,
                $"<rect class=\"h-{(state is null ? "none" : state.Value.ToString().ToLowerInvariant())}\" x=\"{x}\" y=\""
                    + $"{y}\" width=\"11\" height=\"11\" rx=\"2\"><title>{Html.Encode(name)}</title></rect>"
            );
        }

        var without = days - counts.Values.Sum();
        var summary = Texts.Get(
            "Report_HeatSummary",
            days,
            counts.GetValueOrDefault(BackupState.Succeeded),
            counts.GetValueOrDefault(BackupState.Partial),
            counts.GetValueOrDefault(BackupState.Failed),
            without
        );
        page.Append("<figure><figcaption>").Append(ReportPage.Text("Report_Heat")).Append("</figcaption>");
        page.Append(
            CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {Left + (Cell * weeks)} {Top + (Cell * 7)}\" width=\"{Left + (Cell * weeks)}\" role=\"img\" "
                + $"aria-label=\"{Html.Encode(summary)}\">"
        );
        foreach (var row in (int[])[0, 2, 4])
            page.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"0\" y=\"{Top + (Cell * row) + 10}\">"
                    + $"{Html.Encode(Html.Culture.DateTimeFormat.GetAbbreviatedDayName((DayOfWeek)((row + 1) % 7)))}</text>"
            );
        Months(page, monday, first, today);
        page.Append(cells).Append("</svg><p class=\"small\">").Append(Html.Encode(summary)).Append("</p></figure>");
    }

    // The name of a month where it begins, unless the previous one still takes up the space.
    private static void Months(StringBuilder page, DateOnly monday, DateOnly first, DateOnly today)
    {
        var free = 0;
        for (var week = monday; week <= today; week = week.AddDays(7))
        {
            var x = Left + (Cell * ((week.DayNumber - monday.DayNumber) / 7));
            if ((week.Day > 7 && week != monday) || x < free || week.AddDays(6) < first)
                continue;
            page.Append(CultureInfo.InvariantCulture, $"<text x=\"{x}\" y=\"10\">{Html.Encode(week.ToString("MMM", Html.Culture))}</text>");
            free = x + (3 * Cell);
        }
    }
}
