namespace KlarKonform.Backup.Cmdlets.Tests;

public sealed class ScheduleCmdletTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    [Fact]
    public void A_schedule_is_set_shown_suspended_and_removed_by_commands()
    {
        module.Configure("Nightly");
        var planned = module.Invoke("Set-KKBackupSchedule Nightly -At 02:30 -TimeZone Asia/Kathmandu -Method Crontab -WhatIf")[0];
        Assert.StartsWith("CRON_TZ=Asia/Kathmandu\n30 2 * * * ", $"{planned.Properties["Definition"].Value}", StringComparison.Ordinal);
        Assert.Null(module.Invoke("(Get-KKBackupStatus Nightly).NextRun")[0]);

        var said = module.Invoke("Set-KKBackupSchedule Nightly -At 02:30 -DayOfWeek Monday, Friday -TimeZone Europe/Berlin -Method Scheduler *>&1");
        Assert.Contains(said, each => $"{each}".Contains("Start-KKBackupScheduler", StringComparison.Ordinal));
        Assert.Equal("30 2 * * 1,5", $"{said[^1].Properties["Cron"].Value}");
        Assert.Equal($"{said[^1].Properties["NextRun"].Value}", $"{module.Invoke("(Get-KKBackupStatus Nightly).NextRun")[0]}");

        Assert.Equal("False", $"{module.Invoke("(Disable-KKBackupSchedule Nightly).Enabled")[0]}");
        Assert.Null(module.Invoke("(Get-KKBackupStatus Nightly).NextRun")[0]);
        Assert.Equal("True", $"{module.Invoke("(Enable-KKBackupSchedule Nightly).Enabled")[0]}");
        module.Invoke("Remove-KKBackupSchedule Nightly");
        Assert.StartsWith("ScheduleMissing,", Assert.Single(module.TryInvoke("Remove-KKBackupSchedule Nightly").Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-At 1.01:00", "ScheduleTimeInvalid,")]
    [InlineData("-Cron 'jede Nacht' -Method Crontab", "ScheduleInvalid,")]
    [InlineData("-At 02:00 -TimeZone Europe/Entenhausen -Method Crontab", "ScheduleZoneUnknown,")]
    public void A_schedule_that_means_nothing_is_refused(string arguments, string error)
    {
        if (module.Invoke("Get-KKBackupConfiguration Refuse*").Count == 0)
            module.Configure("Refused");
        Assert.StartsWith(error, Assert.Single(module.TryInvoke($"Set-KKBackupSchedule Refused {arguments}").Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Null(module.Invoke("(Get-KKBackupStatus Refused).NextRun")[0]);
    }
}
