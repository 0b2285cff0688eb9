using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace KlarKonform.Backup.Integration;

/// <summary>The benchmarks' program, for their short forms.</summary>
internal static class BenchmarkProgram
{
    /// <summary>Runs it and returns the object in its last line; fails if the program does.</summary>
    public static async Task<JsonElement> RunAsync(params string[] arguments)
    {
        var stop = TestContext.Current.CancellationToken;
        var program = typeof(BenchmarkProgram)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(each => each.Key == "Benchmarks")
            .Value!;
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var errors = process.StandardError.ReadToEndAsync(stop);
        var output = await process.StandardOutput.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        Assert.True(process.ExitCode == 0, output + await errors);
        using var last = JsonDocument.Parse(output.Trim().Split('\n')[^1]);
        return last.RootElement.Clone();
    }
}
