using CsCheck;
using KlarKonform.Backup.Engine.Runs.Progress;

namespace KlarKonform.Backup.Engine.UnitTests;

public sealed class CheckpointPolicyTests
{
    [Fact]
    public void Without_new_work_none_is_due_however_long_it_takes()
    {
        var policy = new CheckpointPolicy();
        policy.Saved(5_000_000, 1000, TimeSpan.FromSeconds(1));
        Assert.False(policy.IsDue(5_000_000, TimeSpan.FromHours(3)));
    }

    [Fact]
    public void After_five_minutes_a_little_work_is_worth_one()
    {
        var policy = new CheckpointPolicy();
        Assert.True(policy.IsDue(1, TimeSpan.FromMinutes(5)));
        Assert.False(policy.IsDue(1, TimeSpan.FromMinutes(4)));
    }

    [Fact]
    public void What_checkpoints_write_stays_below_a_tenth_of_what_was_read_unless_the_run_crawls() =>
        Gen.Select(Gen.Long[1, 50_000_000], Gen.Long[0, 2_000_000])
            .Sample(
                (each) =>
                {
                    var policy = new CheckpointPolicy();
                    policy.Saved(0, each.Item2, TimeSpan.FromSeconds(1));
                    if (policy.IsDue(each.Item1, TimeSpan.FromMinutes(4)))
                        Assert.True(each.Item2 * 10 <= each.Item1);
                }
            );
}
