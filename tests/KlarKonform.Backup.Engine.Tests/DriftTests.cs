using KlarKonform.Backup.Drift;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>The adversary in short; the benchmark <c>drift</c> runs it over hundreds of seeds and reports a single one in detail.</summary>
public sealed class DriftTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(11)]
    [InlineData(13)]
    [InlineData(18)]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(25)]
    public async Task Odd_answers_cost_what_they_belong_to_and_nothing_is_lost_silently(int seed)
    {
        var result = await DriftSeed.RunAsync(seed, restic: seed == 2, default);

        Assert.Empty(result.RunsLost);
        Assert.Empty(result.UntouchedLost);
        Assert.Empty(result.SilentLosses);
        Assert.Empty(result.UnrelatedFailures);
        Assert.Empty(result.Unrepaired);
        Assert.True(result.Touched > 0, "Nothing was touched.");
    }
}
