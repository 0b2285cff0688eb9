using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace KlarKonform.Backup.Integration;

/// <summary>The short form of the benchmark <c>receiver</c>: webhooks while the receiver is killed, through a whole backup.</summary>
public sealed class ReceiverTests
{
    [Fact]
    public async Task A_receiver_that_is_killed_loses_no_webhook_that_it_confirmed_and_the_backup_holds_each_once()
    {
        var program = typeof(ReceiverTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "Benchmarks").Value!;
        using var process = Process.Start(new ProcessStartInfo(program, ["receiver", "--seconds", "1", "--kills", "3", "--seed", "5"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output + await errors);
        using var last = JsonDocument.Parse(output.Trim().Split('\n')[^1]);
        int Value(string name) => last.RootElement.GetProperty(name).GetInt32();
        Assert.Equal((3, 0, 0), (Value("kills"), Value("lost"), Value("doubled")));
        Assert.True(Value("confirmed") > 0);
    }
}
