using System.Globalization;
using System.Text;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Retention;

namespace KlarKonform.Backup.Engine.Reporting;

/// <summary>The section of one configuration in the report.</summary>
internal sealed class ReportSection(StringBuilder page, ConfigurationReport report, int days, DateTimeOffset now)
{
    // More than this is not worth reading in a report: the objects are for that.
    private const int MaxFailures = 100;
    private const int MaxResources = 200;

    public void Write()
    {
        var (configuration, status) = (report.Configuration, report.Status);
        page.Append(
            CultureInfo.InvariantCulture,
            $"<section aria-labelledby=\"{report.Anchor}\"><h2 id=\"{report.Anchor}\">"
                + $"{Html.Encode(Html.Straight(configuration.Name))} {ReportPage.State(status.Status)}</h2>\n<dl>"
        );
        Fact("Report_Tenant", configuration.Tenant.Id);
        Fact("Report_Target", Target(configuration.Target));
        Fact("Report_LastRun", ReportPage.Moment(status.LastRun));
        Fact("Report_LastSuccess", ReportPage.Moment(status.LastSuccess));
        Fact("Report_NextRun", ReportPage.Moment(status.NextRun));
        page.Append("</dl>\n");
        foreach (var said in ((string?[])[status.Reason ?? status.Error, .. status.Problems]).Where(text => text is { Length: > 0 }))
            page.Append("<p class=\"alert\" role=\"note\">").Append(Html.Encode(Html.Straight(said!))).Append("</p>\n");
        page.Append("<div class=\"charts\">");
        new HeatMap(report.Runs, days, now).Write(page);
        new RunChart(report.Runs, "Report_Growth", Growth(), bytes => HumanText.Size((long)bytes), isSum: true).Write(page);
        new RunChart(
            report.Runs,
            "Report_Durations",
            [.. report.Runs.Select(run => Math.Max(0, ((run.Ended ?? run.Updated ?? run.Started) - run.Started).TotalSeconds))],
            seconds => HumanText.Duration(TimeSpan.FromSeconds(seconds)),
            isSum: false
        ).Write(page);
        page.Append("</div>\n");
        Verification(status.Verification);
        Failures(status);
        Retention(configuration, status);
        Resources(status);
        page.Append("</section>\n");
    }

    private double[] Growth()
    {
        var sum = 0d;
        return [.. report.Runs.Select(run => sum += run.BytesStored - (run.Retention?.BytesFreed ?? 0))];
    }

    private void Fact(string key, string value) =>
        page.Append("<div><dt>").Append(ReportPage.Text(key)).Append("</dt><dd>").Append(Html.Encode(value)).Append("</dd></div>");

    private void Verification(RunVerification? verification)
    {
        page.Append("<h3>").Append(ReportPage.Text("Report_Verification")).Append("</h3>\n");
        if (verification is null)
        {
            page.Append("<p>").Append(ReportPage.Text("Report_NotVerified")).Append("</p>\n");
            return;
        }

        page.Append("<p>")
            .Append(
                ReportPage.Text(
                    "Report_VerificationFacts",
                    verification.ItemsStored,
                    verification.ItemsExpected,
                    verification.PacksChecked,
                    verification.SampleSize,
                    verification.SampleFailures,
                    verification.Mismatches.Count
                )
            )
            .Append("</p>\n");
        foreach (var problem in verification.Problems)
            page.Append("<p class=\"alert\">").Append(Html.Encode(problem)).Append("</p>\n");
    }

    private void Failures(BackupStatus status)
    {
        page.Append("<h3>").Append(ReportPage.Text("Report_NotBackedUp")).Append("</h3>\n");
        if (status.RetryList.Count == 0)
        {
            page.Append("<p>").Append(ReportPage.Text("Report_NoFailures")).Append("</p>\n");
            return;
        }

        page.Append("<p>").Append(ReportPage.Text("Report_NotBackedUpFacts", status.NotBackedUp, status.Accepted)).Append("</p>\n");
        Table(
            ["Report_Level", "Report_Resource", "Report_Item", "Report_Code", "Report_Hint", "Report_Attempts", "Report_Accepted"],
            status
                .RetryList.OrderBy(failure => failure.AcceptedReason is not null)
                .ThenBy(failure => failure.Kind, StringComparer.Ordinal)
                .ThenBy(failure => failure.Resource, StringComparer.OrdinalIgnoreCase)
                .Take(MaxFailures)
                .Select(failure =>
                    (string[])
                        [
                            HumanText.Level(failure.Level),
                            $"{failure.Kind}: {failure.Resource}",
                            failure.Name,
                            failure.Code,
                            failure.Hint,
                            failure.Attempts.ToString("N0", Html.Culture),
                            failure.AcceptedReason ?? "–",
                        ]
                )
        );
        if (status.RetryList.Count is > MaxFailures and var all)
            page.Append("<p>").Append(ReportPage.Text("Report_More", all - MaxFailures, "Get-KKBackupRun -Failure")).Append("</p>\n");
    }

    private void Retention(BackupConfiguration configuration, BackupStatus status)
    {
        page.Append("<h3>").Append(ReportPage.Text("Report_Retention")).Append("</h3>\n<p>");
        page.Append(
            RetentionPolicy.Of(configuration.Retention) is { } policy
                ? ReportPage.Text(
                    "Report_Policy",
                    configuration.Retention!.Preset,
                    policy.Days,
                    policy.KeepsDeleted ? Texts.Get("Report_Yes") : Texts.Get("Report_No")
                )
                : ReportPage.Text("Report_NoPolicy")
        );
        page.Append("</p>\n");
        if (report.Runs.LastOrDefault(run => run.Retention is not null)?.Retention is { } last)
            page.Append("<p>")
                .Append(
                    ReportPage.Text("Report_LastRetention", last.Snapshots, last.Removed.Count, last.Held, HumanText.Size(last.BytesFreed))
                )
                .Append("</p>\n");
        if (status.Holds.Count > 0)
            Table(
                ["Report_Hold", "Report_Reason", "Report_Author", "Report_Since"],
                status.Holds.Select(hold =>
                    (string[])[$"{hold.Scope}: {hold.Target}", hold.Reason, hold.Author, ReportPage.Moment(hold.Since)]
                )
            );
    }

    private void Resources(BackupStatus status)
    {
        if (status.Resources.Count == 0)
            return;
        page.Append("<details><summary>")
            .Append(ReportPage.Text("Report_Resources", status.Resources.Count))
            .Append("</summary>\n<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
        foreach (var column in (string[])["Report_Resource", "Report_State", "Report_Expected", "Report_Stored", "Report_Failures"])
            page.Append("<th scope=\"col\">").Append(ReportPage.Text(column)).Append("</th>");
        page.Append("</tr></thead><tbody>\n");
        foreach (
            var resource in status
                .Resources.OrderBy(resource => resource.Status == BackupState.Succeeded)
                .ThenBy(resource => resource.Kind, StringComparer.Ordinal)
                .ThenBy(resource => resource.Name, StringComparer.OrdinalIgnoreCase)
                .Take(MaxResources)
        )
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><th scope=\"row\">{Html.Encode($"{resource.Kind}: {resource.Name}")}</th><td>"
                    + $"{(resource.Skipped ? Html.Encode(resource.Message ?? "–") : ReportPage.State(resource.Status))}</td>"
            );
            page.Append(
                CultureInfo.InvariantCulture,
                $"<td class=\"n\">{resource.ItemsExpected?.ToString("N0", Html.Culture) ?? "–"}</td><td class=\"n\">"
                    + $"{resource.ItemsStored?.ToString("N0", Html.Culture) ?? "–"}</td><td class=\"n\">"
                    + $"{resource.Failures.ToString("N0", Html.Culture)}</td></tr>\n"
            );
        }

        page.Append("</tbody></table></div></details>\n");
    }

    private void Table(IReadOnlyList<string> columns, IEnumerable<string[]> rows)
    {
        page.Append("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
        foreach (var column in columns)
            page.Append("<th scope=\"col\">").Append(ReportPage.Text(column)).Append("</th>");
        page.Append("</tr></thead><tbody>\n");
        foreach (var row in rows)
        {
            page.Append("<tr>");
            foreach (var cell in row)
                page.Append("<td>").Append(Html.Encode(Html.Straight(cell))).Append("</td>");
            page.Append("</tr>\n");
        }

        page.Append("</tbody></table></div>\n");
    }

    private static string Target(TargetSettings target) =>
        target.Type switch
        {
            TargetType.Sftp => $"sftp://{target.Host}{target.Path}",
            TargetType.S3 => $"s3://{target.Bucket}/{target.Prefix}",
            _ => target.Path ?? "",
        };
}
