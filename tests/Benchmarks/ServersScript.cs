using System.Diagnostics;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>The same servers and packages as for the tests: this program runs itself again inside them.</summary>
internal static class ServersScript
{
    private const string Packages = "source tests/packages.sh; need_servers; need rclone rclone; install_missing || exit 1; ";

    /// <summary>Installs restic, rclone and the servers where missing; errors go to the error stream.</summary>
    public static bool InstallPackages() => Bash(Packages) == 0;

    public static int RunInside(string[] arguments) =>
        Bash(
            Packages + "source tests/servers.sh; trap stop_servers EXIT; start_servers --without-ceph; \"$@\"",
            arguments[0],
            Environment.ProcessPath!,
            arguments
        );

    private static int Bash(string script, string name = "bash", string? program = null, string[]? arguments = null)
    {
        using var process =
            Process.Start(
                new ProcessStartInfo(
                    "bash",
                    ["-c", script, name, .. program is null ? Array.Empty<string>() : [program], .. arguments ?? []]
                )
            ) ?? throw new InvalidOperationException("bash did not start.");
        process.WaitForExit();
        return process.ExitCode;
    }
}
