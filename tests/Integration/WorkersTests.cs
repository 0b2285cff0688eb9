using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Integration;

/// <summary>
/// The short form of the benchmark <c>workers</c>: eight processes share a run on one S3 server, one is killed, one is paused.
/// </summary>
public sealed class WorkersTests
{
    [Fact]
    public async Task Eight_workers_of_which_one_dies_and_one_sleeps_end_with_one_sound_snapshot_of_everything()
    {
        if (TestServers.Missing("KK_TEST_S3_ENDPOINT") is { } reason)
            Assert.Skip(reason);
        var last = await BenchmarkProgram.RunAsync(
            "workers",
            "--count",
            "8",
            "--kill",
            "1",
            "--pause",
            "1",
            "--users",
            "12",
            "--hurry",
            "8"
        );
        int Value(string name) => last.GetProperty(name).GetInt32();
        Assert.Equal((8, 1, 1, 7), (Value("workers"), Value("killed"), Value("paused"), Value("succeeded")));
        Assert.Equal((0, 0, 0, 1), (Value("itemsLost"), Value("itemsDoubled"), Value("resticCheckFailures"), Value("snapshots")));
    }
}
