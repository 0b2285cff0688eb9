using System.Globalization;

namespace KlarKonform.Backup.Engine.Scheduling;

/// <summary>What the operating system starts: PowerShell with one backup, and an exit code for monitoring.</summary>
internal static class ScheduledCommand
{
    /// <summary>
    /// The exit code if the last run has lasted longer than the schedule's interval. It must never be taken for a success.
    /// </summary>
    public const int OverdueExitCode = 3;

    /// <summary>
    /// 0 succeeded, 1 partial, 2 failed, 3 the last run hangs; a last run that is merely still active does not make the next one fail.
    /// An overdue run's id must not begin like that of an active one: scripts of older versions exit with 0 for those.
    /// </summary>
    public static string Script(string configuration, ScheduleSettings schedule, string module, string? home)
    {
        var place = home is null ? "" : $"$env:KLARKONFORM_BACKUP_HOME = {Quote(home)}; ";
        var shards = schedule.ShardCount is > 1 and var count ? string.Create(CultureInfo.InvariantCulture, $" -ShardCount {count}") : "";
        return $"{place}$ProgressPreference = 'SilentlyContinue'; Import-Module {Quote(module)}; $run = $null; "
            + $"try {{ $run = Start-KKBackup -Name {Quote(configuration)}{shards} -ErrorAction Continue }} "
            + "catch { [System.Console]::Error.WriteLine(\"$_\"); "
            + string.Create(
                CultureInfo.InvariantCulture,
                $"if ($_.FullyQualifiedErrorId -like '{ErrorIds.RunOverdue}*') {{ exit {OverdueExitCode} }}; "
            )
            + $"if ($_.FullyQualifiedErrorId -like '{ErrorIds.AlreadyRunning}*') {{ exit 0 }} }}; "
            + "if ($null -eq $run) { exit 2 }; $run; switch (\"$($run.Status)\") { 'Succeeded' { exit 0 } 'Partial' { exit 1 "
            + "} default { exit 2 } }";
    }

    /// <summary>The arguments for it. Without -OutputFormat the errors of an encoded command are output as CLIXML (about_Pwsh).</summary>
    public static IReadOnlyList<string> Arguments(string script) =>
        [
            "-NoProfile",
            "-NonInteractive",
            "-OutputFormat",
            "Text",
            "-EncodedCommand",
            Convert.ToBase64String(System.Text.Encoding.Unicode.GetBytes(script)),
        ];

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
