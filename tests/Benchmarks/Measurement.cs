using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace KlarKonform.Backup.Benchmarks;

/// <summary>What a process used.</summary>
/// <param name="Wall">Seconds from start to end.</param>
/// <param name="Cpu">Seconds of user and system time.</param>
/// <param name="PeakMiB">Largest resident set.</param>
internal sealed record Measurement(double Wall, double Cpu, double PeakMiB)
{
    /// <summary>The sum of this and another measurement, one after the other.</summary>
    public Measurement Then(Measurement next) => new(Wall + next.Wall, Cpu + next.Cpu, Math.Max(PeakMiB, next.PeakMiB));

    /// <summary>Runs a program and measures it: CPU by the kernel's account of ended children, memory by its high-water mark.</summary>
    public static Measurement Of(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var before = ChildrenCpu();
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        double peak = 0;
        while (!process.WaitForExit(20))
            peak = Math.Max(peak, PeakOf(process.Id));
        var wall = watch.Elapsed.TotalSeconds;
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} exited with {process.ExitCode}: {output.Result}{errors.Result}");
        return new Measurement(wall, ChildrenCpu() - before, peak);
    }

    // VmHWM is the kernel's own high-water mark, so a look every 20 ms misses nothing but the last moment.
    private static double PeakOf(int id)
    {
        try
        {
            var line = File.ReadLines($"/proc/{id}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line.Split(':')[1].Trim().Split(' ')[0], CultureInfo.InvariantCulture) / 1024;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0; // It ended just now.
        }
    }

    // getrusage(2): two timevals, user and system, are the first four longs.
    private static double ChildrenCpu()
    {
        var usage = new long[18];
        return GetUsage(-1, usage) == 0
            ? usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6)
            : throw new InvalidOperationException("getrusage failed.");
    }

    [DllImport("libc", EntryPoint = "getrusage")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetUsage(int who, [Out] long[] usage);
}
