using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Integration;

/// <summary>The short form of the benchmark <c>chaos</c>: runs that are killed at seeded moments, to S3 and SFTP.</summary>
public sealed class ChaosTests
{
    [Fact]
    public async Task Killed_runs_lose_nothing_double_nothing_and_leave_a_repository_that_restic_calls_sound()
    {
        if (TestServers.Missing("KK_TEST_S3_ENDPOINT") is { } reason)
            Assert.Skip(reason);
        var last = await BenchmarkProgram.RunAsync(
            "chaos",
            "--kills",
            "2",
            "--seed",
            "3",
            "--lanes",
            "1",
            "--seconds",
            "12",
            "--faults",
            "false"
        );
        int Value(string name) => last.GetProperty(name).GetInt32();
        Assert.Equal((4, 0, 0, 0), (Value("kills"), Value("itemsLost"), Value("itemsDoubled"), Value("resticCheckFailures")));

        // A run that finished before its kill is counted as well, and its cycle repeated: how many there are depends on the machine.
        Assert.InRange(Value("runsCompleted"), 4, 12);
    }
}
