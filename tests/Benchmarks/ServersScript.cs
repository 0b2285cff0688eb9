using System.Diagnostics;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>The same servers as the tests': this program runs again inside them.</summary>
internal static class ServersScript
{
    public static int RunInside(string[] arguments)
    {
        var start = new ProcessStartInfo("bash",
        [
            "-c", "export PATH=$PATH:/usr/sbin; source tests/servers.sh; trap stop_servers EXIT; start_servers; \"$@\"", arguments[0], Environment.ProcessPath!, .. arguments,
        ]);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("bash did not start.");
        process.WaitForExit();
        return process.ExitCode;
    }
}
