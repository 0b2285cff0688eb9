using KlarKonform.Backup.Engine.Configuration;

namespace KlarKonform.Backup.Engine.UnitTests;

public sealed class CronScheduleTests
{
    [Fact]
    public void A_time_that_the_change_to_summer_time_skips_comes_when_clocks_have_moved()
    {
        // On the last Sunday of March clocks go from 2:00 to 3:00.
        var schedule = CronSchedule.Of(new ScheduleSettings { Cron = "30 2 * * *", TimeZone = "Europe/Berlin" });
        var next = schedule.Next(new DateTimeOffset(2027, 3, 28, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal(new DateTimeOffset(2027, 3, 28, 1, 0, 0, TimeSpan.Zero), next);
    }

    [Fact]
    public void A_time_that_comes_twice_in_autumn_comes_once()
    {
        var schedule = CronSchedule.Of(new ScheduleSettings { Cron = "30 2 * * *", TimeZone = "Europe/Berlin" });
        var first = schedule.Next(new DateTimeOffset(2027, 10, 30, 22, 0, 0, TimeSpan.Zero))!.Value;
        Assert.Equal(new DateTimeOffset(2027, 11, 1, 1, 30, 0, TimeSpan.Zero), schedule.Next(first));
    }

    [Theory]
    [InlineData("0 2 1 * 1")]
    [InlineData("61 2 * * *")]
    [InlineData("nonsense")]
    [InlineData("")]
    public void What_programs_read_differently_or_not_at_all_is_refused(string cron) =>
        Assert.Equal(
            "ScheduleInvalid",
            Assert.Throws<BackupException>(() => CronSchedule.Of(new ScheduleSettings { Cron = cron, TimeZone = "UTC" })).ErrorId
        );
}
