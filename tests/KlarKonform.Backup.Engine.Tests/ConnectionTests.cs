using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

public sealed class ConnectionTests
{
    [Theory]
    [InlineData(0, CheckResult.Passed)]
    [InlineData(-20, CheckResult.Passed)]
    [InlineData(150, CheckResult.Warning)]
    [InlineData(-150, CheckResult.Warning)]
    public async Task A_clock_that_is_wrong_is_told_with_the_distance_and_tls_with_its_version(int seconds, CheckResult expected)
    {
        var time = new JumpingTime();
        await using var scenario = await BackupScenario.StartAsync(
            options: new DemoTenantOptions { Clock = () => DateTimeOffset.UtcNow },
            time: time
        );
        time.Jump(TimeSpan.FromSeconds(seconds));
        var checks = new List<ConnectionCheck>();
        await foreach (var check in scenario.Engine.TestConnectionAsync("Test", scenario, scenario, default))
            checks.Add(check);
        var clock = checks.Single(each => each.Check is "Clock" or "Uhrzeit");
        Assert.Equal(expected, clock.Result);
        Assert.Equal(expected == CheckResult.Warning, clock.Hint.Contains("00:02:", StringComparison.Ordinal));
        Assert.Matches("^Tls1[23]$", checks.Single(each => each.Check == "TLS").Detail);
    }
}
