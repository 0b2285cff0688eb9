using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using KlarKonform.Backup.WhatsApp.Receiving;

namespace KlarKonform.Backup.Benchmarks.Receiver;

/// <summary>A receiver in a process of its own, on one core if the system allows it.</summary>
internal sealed class ReceiverProcess : IDisposable
{
    public const string Secret = "benchmark-secret";

    private readonly Process _process;

    private ReceiverProcess(Process process) => _process = process;

    /// <summary>Processor time used so far, in seconds.</summary>
    public double Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    /// <summary>Serves until ended.</summary>
    public static async Task ServeAsync(string spool, int port)
    {
        await using var writer = new SpoolWriter(spool, TimeProvider.System);
        using var receiver = new WebhookReceiver(
            new ReceiverOptions
            {
                Endpoint = new IPEndPoint(IPAddress.Loopback, port),
                AppSecret = Secret,
                VerifyToken = "benchmark",
            },
            writer
        );
        receiver.Start();
        Console.WriteLine("ready");
        using var stop = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM,
            signal =>
            {
                signal.Cancel = true;
                stop.Cancel();
            }
        );
        await receiver.RunAsync(stop.Token);
    }

    /// <summary>Starts a process that serves.</summary>
    public static ReceiverProcess Start(string spool, int port)
    {
        string[] command =
        [
            Environment.ProcessPath!,
            Path.Combine(AppContext.BaseDirectory, "Benchmarks.dll"),
            "receiver-run",
            spool,
            port.ToString(CultureInfo.InvariantCulture),
        ];
        if (Path.GetFileNameWithoutExtension(command[0]) != "dotnet")
            command = [command[0], .. command[2..]];
        if (OperatingSystem.IsLinux())
            command = ["taskset", "-c", "0", .. command];
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        if (process.StandardOutput.ReadLine() != "ready")
            throw new InvalidOperationException("The receiver did not start.");
        return new ReceiverProcess(process);
    }

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }
}
