using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace KlarKonform.Backup.Engine.Notifications;

/// <summary>
/// One line per run in the system's own log: syslog on Linux and macOS (RFC 3164 to the local socket), the event log on Windows.
/// </summary>
internal static class SystemLog
{
    private const string Source = "KlarKonform Backup";

    // RFC 3164: facility "system daemons".
    private const int Daemon = 3;

    /// <summary>Writes the end of a run. A log that is missing or full does not make the run fail.</summary>
    public static void Write(BackupRun run, string? socket = null)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"configuration=\"{run.Configuration}\" status={run.Status} run={run.RunId} items={run.ItemsDownloaded} failures="
                + $"{run.Failures.Count} bytes={run.BytesStored} snapshot={run.SnapshotId?[..8] ?? "-"}"
        );
        try
        {
            if (OperatingSystem.IsWindows())
                WriteEvent(run.Status, text);
            else
                WriteSyslog(run.Status, text, socket ?? (OperatingSystem.IsMacOS() ? "/var/run/syslog" : "/dev/log"));
        }
        catch (Exception exception) when (exception is SocketException or System.ComponentModel.Win32Exception or IOException)
        {
            // Containers have no syslog; the journal and the run's own log say the same.
        }
    }

    private static void WriteSyslog(BackupState status, string text, string path)
    {
        if (!File.Exists(path))
            return;
        var severity = status switch
        {
            BackupState.Succeeded => 6,
            BackupState.Partial => 4,
            _ => 3,
        };
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        socket.Send(
            Encoding.UTF8.GetBytes(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"<{(Daemon * 8) + severity}>klarkonform-backup[{Environment.ProcessId}]: {text}"
                )
            )
        );
    }

    // Windows' own tool: it knows how the source is registered, and no library is needed.
    private static void WriteEvent(BackupState status, string text)
    {
        var (kind, id) = status switch
        {
            BackupState.Succeeded => ("INFORMATION", "1"),
            BackupState.Partial => ("WARNING", "2"),
            _ => ("ERROR", "3"),
        };
        using var process = Process.Start(
            new ProcessStartInfo("eventcreate.exe", ["/L", "APPLICATION", "/SO", Source, "/T", kind, "/ID", id, "/D", text])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                CreateNoWindow = true,
            }
        );
        process?.WaitForExit(10_000);
    }
}
