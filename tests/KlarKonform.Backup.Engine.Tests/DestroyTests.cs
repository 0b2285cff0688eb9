using KlarKonform.Backup.Destroy;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>
/// The destroyer in short; the benchmark <c>destroy</c> runs it over hundreds of seeds and reports a single one in detail.
/// </summary>
public sealed class DestroyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Whatever_happens_to_a_repository_nothing_needed_is_deleted_and_every_loss_is_said(int seed)
    {
        var result = await DestroySeed.RunAsync(seed, default);

        Assert.Empty(result.NeededDeleted);
        Assert.Empty(result.LossesUnnoticed);
        Assert.Empty(result.HoldsBroken);
        Assert.Empty(result.ResticDisagrees);
        Assert.NotEmpty(result.Done);
    }
}
