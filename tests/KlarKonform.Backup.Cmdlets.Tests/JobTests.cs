using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>Backups in the background, and how they are stopped.</summary>
public sealed class JobTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    [Fact]
    public void A_backup_as_a_job_gives_its_run_its_warnings_and_its_errors()
    {
        module.Configure("Job");
        module.Tenant.Change((model, _) => model.Users[0].Mailbox!.Messages.Values.First().IsUnreadable = true);
        var (output, errors) = module.TryInvoke(
            "$job = Start-KKBackup Job -AsJob; $job | Wait-Job | Out-Null; $job.State; $job | Receive-Job 3>&1; $job | Remove-Job"
        );
        module.Tenant.Change(
            (model, _) => model.Users[0].Mailbox!.Messages.Values.Single(message => message.IsUnreadable).IsUnreadable = false
        );
        Assert.Equal("Completed", $"{output[0]}");
        Assert.Equal("Partial", $"{output[1].Properties["Status"].Value}");
        Assert.Empty(errors);
        Assert.Contains(
            output,
            each => each.BaseObject is WarningRecord warning && warning.Message.Contains("Get-KKBackupRun 'Job'", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_job_that_cannot_run_is_failed_with_the_same_error_as_a_backup_that_waits()
    {
        module.Configure("JobWrong", secret: "wrong");
        var (output, errors) = module.TryInvoke(
            "$job = Start-KKBackup JobWrong -AsJob; $job | Wait-Job | Out-Null; $job.State; $job | Receive-Job"
        );
        Assert.Equal("Failed", $"{output[0]}");
        Assert.StartsWith("GraphSignInFailed", Assert.Single(errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith(
            "ConfigurationNotFound",
            Assert.Single(module.TryInvoke("Start-KKBackup Nowhere -AsJob").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_running_backup_is_seen_refused_twice_and_stopped_at_a_checkpoint()
    {
        module.Configure("Slow");
        module.Tenant.Contents.BytesPerSecond = 40_000;
        try
        {
            module.Invoke("$global:job = Start-KKBackup Slow -AsJob");
            for (var tries = 0; $"{module.Invoke("(Get-KKBackupStatus Slow).Status")[0]}" != "Running" && tries < 600; tries++)
                Thread.Sleep(100);
            Assert.StartsWith(
                "AlreadyRunning",
                Assert.Single(module.TryInvoke("Start-KKBackup Slow").Errors).FullyQualifiedErrorId,
                StringComparison.Ordinal
            );
            Assert.Empty(module.Invoke("Stop-KKBackup Slow -WhatIf"));
            Assert.Equal("Partial", $"{Assert.Single(module.Invoke("Stop-KKBackup Slow")).Properties["Status"].Value}");
            var (output, errors) = module.TryInvoke("$global:job | Wait-Job | Receive-Job");
            Assert.Single(output);
            Assert.Contains(
                errors,
                error =>
                    error.FullyQualifiedErrorId.StartsWith("RunStopped", StringComparison.Ordinal)
                    && error.CategoryInfo.Category == ErrorCategory.OperationStopped
            );
            Assert.StartsWith(
                "NotRunning",
                Assert.Single(module.TryInvoke("Stop-KKBackup Slow").Errors).FullyQualifiedErrorId,
                StringComparison.Ordinal
            );
            Assert.Equal("Partial", $"{module.Invoke("(Get-KKBackupStatus Slow).Status")[0]}");

            // Stopping the job has the same effect.
            module.Invoke("$global:job = Start-KKBackup Slow -AsJob");
            for (var tries = 0; $"{module.Invoke("(Get-KKBackupStatus Slow).Status")[0]}" != "Running" && tries < 600; tries++)
                Thread.Sleep(100);
            Assert.Equal("Stopped", $"{module.Invoke("$global:job | Stop-Job; $global:job.State")[0]}");
        }
        finally
        {
            module.Tenant.Contents.BytesPerSecond = 0;
        }

        Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Slow).Status")[0]}");
        Assert.Equal("Succeeded", $"{module.Invoke("(Get-KKBackupStatus Slow -FromRepository).Status")[0]}");
    }

    [Theory]
    [InlineData("Start-KKBackup X -ThrottleLimit 0", "ParameterArgumentValidationError")]
    [InlineData("Start-KKBackup X -LogPath ''", "ParameterArgumentValidationError")]
    [InlineData("Stop-KKBackup Nowhere", "ConfigurationNotFound")]
    [InlineData("Get-KKBackupStatus Nowhere -FromRepository", "ConfigurationNotFound")]
    public void Wrong_input_is_refused_with_a_clear_error(string script, string expected) =>
        Assert.StartsWith(expected, Assert.Single(module.TryInvoke(script).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
}
