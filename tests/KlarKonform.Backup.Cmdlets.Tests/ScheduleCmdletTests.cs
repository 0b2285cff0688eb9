using System.Text;
using System.Text.RegularExpressions;

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

        var said = module.Invoke(
            "Set-KKBackupSchedule Nightly -At 02:30 -DayOfWeek Monday, Friday -TimeZone Europe/Berlin -Method Scheduler *>&1"
        );
        Assert.Contains(said, each => $"{each}".Contains("Start-KKBackupScheduler", StringComparison.Ordinal));
        Assert.Equal("30 2 * * 1,5", $"{said[^1].Properties["Cron"].Value}");
        Assert.Equal($"{said[^1].Properties["NextRun"].Value}", $"{module.Invoke("(Get-KKBackupStatus Nightly).NextRun")[0]}");

        Assert.Equal("False", $"{module.Invoke("(Disable-KKBackupSchedule Nightly).Enabled")[0]}");
        Assert.Null(module.Invoke("(Get-KKBackupStatus Nightly).NextRun")[0]);
        Assert.Equal("True", $"{module.Invoke("(Enable-KKBackupSchedule Nightly).Enabled")[0]}");
        module.Invoke("Remove-KKBackupSchedule Nightly");
        Assert.StartsWith(
            "ScheduleMissing,",
            Assert.Single(module.TryInvoke("Remove-KKBackupSchedule Nightly").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("-At 1.01:00", "ScheduleTimeInvalid,")]
    [InlineData("-Cron 'jede Nacht' -Method Crontab", "ScheduleInvalid,")]
    [InlineData("-At 02:00 -TimeZone Europe/Entenhausen -Method Crontab", "ScheduleZoneUnknown,")]
    public void A_schedule_that_means_nothing_is_refused(string arguments, string error)
    {
        if (module.Invoke("Get-KKBackupConfiguration Refuse*").Count == 0)
            module.Configure("Refused");
        Assert.StartsWith(
            error,
            Assert.Single(module.TryInvoke($"Set-KKBackupSchedule Refused {arguments}").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.Null(module.Invoke("(Get-KKBackupStatus Refused).NextRun")[0]);
    }

    [Fact]
    public async Task What_the_system_starts_at_night_ends_with_the_exit_code_of_its_run()
    {
        module.Configure("Codes");
        var line = $"{module.Invoke("Set-KKBackupSchedule Codes -At 02:00 -Method Crontab -WhatIf")[0].Properties["Definition"].Value}";
        var script = Encoding.Unicode.GetString(
            Convert.FromBase64String(Regex.Match(line, "-EncodedCommand ([A-Za-z0-9+/=]+)").Groups[1].Value)
        );
        await File.WriteAllTextAsync(module.Folder["night.ps1"], script);
        int Code() => (int)module.TryInvoke("& $args[0] *> $null; $LASTEXITCODE", module.Folder["night.ps1"]).Output[^1].BaseObject;

        Assert.Equal(0, Code());
        var message = module.Tenant.Change((model, generator) => generator.AddMessage(model.Users[0]));
        message.IsCorrupt = true;
        Assert.Equal(1, Code());
        module.Tenant.Change((model, _) => model.Users[0].Mailbox!.Delete(message));

        // Another process is running.
        var id = $"{module.Invoke("(Get-KKBackupConfiguration Codes).Id")[0]}";
        await using (
            new FileStream(module.Folder["home", "runs", id, "running.lock"], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)
        )
            Assert.Equal(0, Code());

        // And has been for longer than a day, although the schedule runs every night.
        module.Invoke("Set-KKBackupSchedule Codes -At 02:00 -Method Scheduler -WarningAction SilentlyContinue");
        await using (
            var held = new FileStream(
                module.Folder["home", "runs", id, "running.lock"],
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None
            )
        )
        {
            File.SetLastWriteTimeUtc(held.SafeFileHandle, DateTime.UtcNow.AddHours(-30));
            Assert.Equal(3, Code());
        }

        module.Invoke("Set-KKBackupConfiguration Codes -ClientSecret $args[0]", Demo.ModuleHost.Secure("wrong"));
        Assert.Equal(2, Code());
    }
}
