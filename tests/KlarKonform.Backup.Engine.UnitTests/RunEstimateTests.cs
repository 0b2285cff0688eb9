using KlarKonform.Backup.Engine.Runs.Progress;

namespace KlarKonform.Backup.Engine.UnitTests;

public sealed class RunEstimateTests
{
    [Fact]
    public void Early_in_a_run_nothing_is_estimated()
    {
        var estimate = new RunEstimate();
        estimate.Add(TimeSpan.FromSeconds(5), 1000, 5, 10);
        Assert.Null(estimate.Remaining);
        estimate.Add(TimeSpan.FromSeconds(20), 2000, 2, 10);
        Assert.Null(estimate.Remaining);
    }

    [Fact]
    public void What_remains_takes_as_long_as_what_was_done()
    {
        var estimate = new RunEstimate();
        estimate.Add(TimeSpan.FromSeconds(20), 0, 5, 20);
        Assert.Equal(TimeSpan.FromSeconds(60), estimate.Remaining);
    }

    [Fact]
    public void The_rate_is_that_of_the_last_seconds_and_forgets_the_first_ones()
    {
        var estimate = new RunEstimate();
        for (var second = 0; second < 30; second++)
            estimate.Add(TimeSpan.FromSeconds(second), second < 15 ? 0 : (second - 15) * 100L, 1, 2);
        Assert.Equal(100, estimate.BytesPerSecond, 3);
    }
}
