using System.Globalization;
using System.Text;
using KlarKonform.Backup.Engine.Formats;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>
/// The report's page: one file without scripts or network access, light and dark, suitable for print and screen readers. States are shown
/// by symbol and word, never by colour alone; everything from outside is encoded, and the page's own policy forbids scripts.
/// </summary>
internal sealed class ReportPage(
    IReadOnlyList<ConfigurationReport> reports,
    IReadOnlyList<string> problems,
    ReportRequest request,
    DateTimeOffset now
)
{
    private readonly StringBuilder _page = new();

    public string Write()
    {
        var title = request.Title ?? Texts.Get("Report_Title");
        _page
            .Append(CultureInfo.InvariantCulture, $"<!DOCTYPE html>\n<html lang=\"{Html.Language}\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append(
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
                    + "base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, "
                    + "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
                    + "<meta name=\"referrer\" content=\"no-referrer\">\n<title>"
            )
            .Append(Html.Encode(title))
            .Append("</title>\n<style>\n")
            .Append(ReportStyle.Css)
            .Append("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">")
            .Append(Text("Report_Skip"))
            .Append("</a>\n<header><h1>")
            .Append(Html.Encode(title))
            .Append("</h1><p>")
            .Append(Text("Report_Made", Moment(now), Environment.MachineName, request.Days))
            .Append("</p></header>\n<main id=\"main\">\n");
        foreach (var problem in problems)
            _page.Append("<p class=\"alert\" role=\"note\">").Append(Html.Encode(Html.Straight(problem))).Append("</p>\n");
        Tiles();
        Overview();
        foreach (var report in reports)
            Section(report);
        _page.Append("</main>\n<footer><p>").Append(Text("Report_Source")).Append("</p></footer>\n</body>\n</html>\n");
        return _page.ToString();
    }

    /// <summary>A moment in this computer's time zone.</summary>
    public static string Moment(DateTimeOffset? moment) => moment?.ToLocalTime().ToString("g", Html.Culture) ?? "–";

    /// <summary>A state as symbol and word.</summary>
    public static string State(BackupState state) =>
        $"<span class=\"state s-{state.ToString().ToLowerInvariant()}\"><span aria-hidden=\"true\">"
        + $"{HumanText.Sign(state)}</span> {Html.Encode(HumanText.State(state))}</span>";

    /// <summary>A text of the catalog, encoded.</summary>
    public static string Text(string key, params object?[] arguments) => Html.Encode(Texts.Get(key, arguments));

    // Whatever a journal holds, it affects only its own section.
    private void Section(ConfigurationReport report)
    {
        var begin = _page.Length;
        try
        {
            new ReportSection(_page, report, request.Days, now).Write();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            _page.Length = begin;
            _page
                .Append(
                    CultureInfo.InvariantCulture,
                    $"<section aria-labelledby=\"{report.Anchor}\"><h2 id=\"{report.Anchor}\">"
                        + $"{Html.Encode(report.Configuration.Name)}</h2>\n<p class=\"alert\" role=\"note\">"
                )
                .Append(Text("Report_SectionFailed", exception.GetType().Name))
                .Append("</p></section>\n");
        }
    }

    private void Tiles()
    {
        _page.Append("<ul class=\"tiles\">");
        foreach (
            var state in (BackupState[])
                [BackupState.Failed, BackupState.Partial, BackupState.Running, BackupState.Pending, BackupState.Succeeded]
        )
        {
            _page
                .Append(
                    CultureInfo.InvariantCulture,
                    $"<li class=\"tile s-{state.ToString().ToLowerInvariant()}\"><b>"
                        + $"{reports.Count(report => report.Status.Status == state)}</b> "
                )
                .Append(State(state))
                .Append("</li>");
        }

        _page.Append("</ul>\n");
    }

    // What needs attention comes first.
    private void Overview()
    {
        _page
            .Append("<h2 id=\"overview\">")
            .Append(Text("Report_Overview"))
            .Append("</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"overview\"><table>\n<thead><tr>");
        foreach (
            var column in (string[])["Configuration", "Tenant", "State", "LastRun", "NextRun", "Items", "Size", "NotBackedUp", "Verified"]
        )
            _page.Append("<th scope=\"col\">").Append(Text("Report_" + column)).Append("</th>");
        _page.Append("</tr></thead>\n<tbody>\n");
        foreach (
            var report in reports
                .OrderBy(report => Array.IndexOf(s_attention, report.Status.Status))
                .ThenBy(report => report.Configuration.Name, StringComparer.OrdinalIgnoreCase)
        )
        {
            var status = report.Status;
            _page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><th scope=\"row\"><a href=\"#{report.Anchor}\">{Html.Encode(status.Name)}</a></th><td>"
                    + $"{Html.Encode(report.Configuration.Tenant.Id)}</td><td>{State(status.Status)}</td>"
            );
            _page.Append(
                CultureInfo.InvariantCulture,
                $"<td class=\"t\">{Html.Encode(Moment(status.LastRun))}</td><td class=\"t\">"
                    + $"{Html.Encode(Moment(status.NextRun))}</td><td class=\"n\">"
                    + $"{status.Items.ToString("N0", Html.Culture)}</td><td class=\"n\">"
                    + $"{Html.Encode(HumanText.Size(status.Bytes))}</td><td class=\"n\">"
                    + $"{status.NotBackedUp.ToString("N0", Html.Culture)}</td>"
            );
            _page
                .Append("<td>")
                .Append(
                    status.Verified switch
                    {
                        true => Text("Report_Yes"),
                        false => Text("Report_No"),
                        _ => "–",
                    }
                )
                .Append("</td></tr>\n");
        }

        _page.Append("</tbody></table></div>\n");
        if (reports.Count == 0)
            _page.Append("<p>").Append(Text("Report_Nothing")).Append("</p>\n");
    }

    private static readonly BackupState[] s_attention =
    [
        BackupState.Failed,
        BackupState.Partial,
        BackupState.Pending,
        BackupState.Running,
        BackupState.Succeeded,
    ];
}
