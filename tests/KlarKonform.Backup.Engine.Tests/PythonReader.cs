using System.Diagnostics;
using System.Text.Json;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Debian's python3-icalendar, dateutil and vobject: readers that share no code with the writer of the files.</summary>
internal static class PythonReader
{
    private const string Python = "/usr/bin/python3";

    public static IReadOnlyList<JsonElement> Read(string script, IEnumerable<string> files)
    {
        using var process = Process.Start(
            new ProcessStartInfo(Python, [Path.Combine(AppContext.BaseDirectory, script), .. files])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result);
        return [.. JsonDocument.Parse(output).RootElement.EnumerateArray()];
    }

    /// <summary>Skips a test if the readers are not installed; run.sh installs them.</summary>
    public static void Require()
    {
        if (Environment.GetEnvironmentVariable("KK_TEST_SERVERS_REQUIRED") is not null)
            return;
        using var process = File.Exists(Python)
            ? Process.Start(new ProcessStartInfo(Python, ["-c", "import icalendar, dateutil, vobject"]) { RedirectStandardError = true })!
            : null;
        process?.WaitForExit();
        Assert.SkipUnless(process?.ExitCode == 0, "python3-icalendar, python3-dateutil or python3-vobject is not installed.");
    }
}
