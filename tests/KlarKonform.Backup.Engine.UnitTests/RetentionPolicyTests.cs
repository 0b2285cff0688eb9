using KlarKonform.Backup.Engine.Retention;

namespace KlarKonform.Backup.Engine.UnitTests;

public sealed class RetentionPolicyTests
{
    private static readonly RetentionPolicy s_legal = RetentionPolicy.Of(new RetentionSettings { Preset = RetentionPreset.Legal })!;

    [Theory]
    [InlineData("2026-01")]
    [InlineData("2026-12")]
    public void The_ten_years_of_the_law_begin_at_the_end_of_the_year(string month)
    {
        var end = new DateTimeOffset(2037, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.False(s_legal.IsOver(month, end.AddSeconds(-1)));
        Assert.True(s_legal.IsOver(month, end));
    }

    [Theory]
    [InlineData("2026-13")]
    [InlineData("2026-1")]
    [InlineData("Papierkorb")]
    public void What_is_no_month_is_never_over(string month) => Assert.False(s_legal.IsOver(month, DateTimeOffset.MaxValue));

    [Fact]
    public void Without_settings_there_is_no_policy() => Assert.Null(RetentionPolicy.Of(null));
}
