using System.Management.Automation;
using System.Xml.Linq;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>What an admin sees of what is missing from the backup, and what scripts can rely on.</summary>
public sealed class FailureTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    [Fact]
    public void A_failed_item_is_a_warning_that_names_it_and_the_run_reaches_the_variable_also_when_errors_stop()
    {
        module.Configure("Part");
        WithAnUnreadableMail(() =>
        {
            var (output, errors) = module.TryInvoke(
                "$ErrorActionPreference = 'Stop'; $run = Start-KKBackup Part -WarningVariable told -WarningAction "
                    + "SilentlyContinue; $run; $told"
            );
            Assert.Empty(errors);
            Assert.Equal("Partial", Of(output[0], "Status"));
            var failure = Assert.Single(module.Invoke("$args[0].Failures", output[0]));
            var warning = Assert.Single(
                output.Skip(1).Select(each => $"{each}"),
                text => text.Contains("Get-KKBackupRun 'Part' -First 1 -Failure", StringComparison.Ordinal)
            );
            Assert.Contains(Of(failure, "Code"), warning, StringComparison.Ordinal);
            Assert.Contains(Of(failure, "Name"), warning, StringComparison.Ordinal);
            Assert.Contains(Of(failure, "Resource"), warning, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_failed_resource_is_one_error_and_the_run_has_reached_the_pipeline_before_it()
    {
        module.Configure("Whole");
        var id = module.Tenant.Change((model, _) => model.Users.First(user => user.Mailbox is not null).Id);
        module.Tenant.ChangeAnswers(answer =>
        {
            if (answer.Path.Contains($"/users/{id}/calendar", StringComparison.OrdinalIgnoreCase))
                answer.Status = 403;
        });
        try
        {
            var (output, errors) = module.TryInvoke("Start-KKBackup Whole");
            Assert.Equal("Partial", $"{Assert.Single(output).Properties["Status"].Value}");
            Assert.StartsWith("ResourceFailed,", Assert.Single(errors).FullyQualifiedErrorId, StringComparison.Ordinal);
            (output, _) = module.TryInvoke(
                "try { Start-KKBackup Whole -ErrorAction Stop -OutVariable kept | Out-Null } catch { 'stopped' }; $kept"
            );
            Assert.Equal("stopped", $"{output[0]}");
            Assert.Equal("Partial", Of(output[1], "Status"));
        }
        finally
        {
            module.Tenant.ChangeAnswers(null);
        }
    }

    [Fact]
    public void A_failure_goes_down_the_pipeline_to_its_acceptance_and_back()
    {
        module.Configure("Accept");
        WithAnUnreadableMail(() => module.Invoke("Start-KKBackup Accept -WarningAction SilentlyContinue"));
        Assert.Equal(1, module.Invoke("(Get-KKBackupStatus Accept).NotBackedUp")[0].BaseObject);
        Assert.Empty(module.Invoke("Get-KKBackupRun Accept -First 1 -Failure | Approve-KKBackupFailure -Reason 'Fall 12' -WhatIf"));
        var accepted = Assert.Single(
            module.Invoke("Get-KKBackupRun Accept -First 1 -Failure | Approve-KKBackupFailure -Reason 'Fall 12' -Author Weber")
        );
        Assert.Equal(("Fall 12", "Weber"), (Of(accepted, "Reason"), Of(accepted, "Author")));
        Assert.Equal("0 1", $"{module.Invoke("$s = Get-KKBackupStatus Accept; \"$($s.NotBackedUp) $($s.Accepted)\"")[0]}");
        Assert.Equal("Fall 12", Of(Assert.Single(module.Invoke("Get-KKBackupRun Accept -First 1 -Failure")), "AcceptedReason"));
        module.Invoke("(Get-KKBackupStatus Accept).RetryList | Approve-KKBackupFailure -Revoke");
        module.Invoke(
            "Approve-KKBackupFailure Accept $args[0] -Reason 'so'; Approve-KKBackupFailure Accept $args[0] -Revoke",
            Of(accepted, "ItemId")
        );
        Assert.Equal(1, module.Invoke("(Get-KKBackupStatus Accept).NotBackedUp")[0].BaseObject);
        Assert.StartsWith(
            "FailureNotFound,",
            Assert.Single(module.TryInvoke("Approve-KKBackupFailure Accept nichts -Reason x").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_status_says_why_and_the_failures_of_what_level_they_are()
    {
        module.Configure("Why");
        WithAnUnreadableMail(() => module.Invoke("Start-KKBackup Why -WarningAction SilentlyContinue"));
        var failure = Assert.Single(module.Invoke("Get-KKBackupRun Why -First 1 -Failure"));
        Assert.Equal(("Why", "Item"), (Of(failure, "Configuration"), Of(failure, "Level")));
        var status = Assert.Single(module.Invoke("Get-KKBackupStatus Why"));
        Assert.Contains("1 item(s)", Of(status, "Reason"), StringComparison.Ordinal);
        foreach (
            var (view, value) in new[]
            {
                ("BackupStatus", status),
                ("BackupRun", Assert.Single(module.Invoke("Get-KKBackupRun Why"))),
                ("ItemFailure", failure),
            }
        )
            Assert.All(Columns(view), column => Assert.NotNull(value.Properties[column]));
        Assert.Equal(["Name", "Status", "LastRun", "NotBackedUp", "Reason"], Columns("BackupStatus"));
        Assert.Equal("Level", Columns("ItemFailure")[0]);
    }

    [Theory]
    [InlineData("Get-KKBackupConfiguration")]
    [InlineData("Get-KKBackupStatus")]
    [InlineData("Get-KKBackupStatus *")]
    [InlineData("Test-KKBackupConnection *")]
    public void One_broken_configuration_is_one_error_after_the_others_and_ends_nothing_also_with_Stop(string command)
    {
        if (module.Invoke("Get-KKBackupConfiguration Sound*").Count == 0)
            module.Configure("Sound");
        var file = module.Folder["home", "configurations", "Broken.json"];
        File.WriteAllText(file, "{ not json");
        try
        {
            var healthy = module.TryInvoke(command);
            Assert.NotEmpty(healthy.Output);
            Assert.StartsWith("ConfigurationInvalid,", Assert.Single(healthy.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
            var stopped = module.TryInvoke($"{command} -ErrorAction Stop");
            Assert.Equal(healthy.Output.Count, stopped.Output.Count);
            Assert.Single(stopped.Errors);
            Assert.Contains("Sound", module.Complete("Start-KKBackup So"));
            var written = module.TryInvoke("Export-KKBackupReport $args[0] -Force", module.Folder["report.html"]);
            Assert.Single(written.Output);
            Assert.StartsWith("ConfigurationInvalid,", Assert.Single(written.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Empty(module.TryInvoke("Remove-KKBackupConfiguration Broken -Confirm:$false").Errors);
            Assert.False(File.Exists(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void An_odd_run_in_the_journal_is_a_warning_of_status_and_history()
    {
        module.Configure("Torn");
        module.Invoke("Start-KKBackup Torn");
        var id = $"{module.Invoke("(Get-KKBackupConfiguration Torn).Id")[0]}";
        File.WriteAllText(module.Folder["home", "runs", id, "99990101-000000-000-x.json"], "{ torn");
        foreach (var command in (string[])["Get-KKBackupStatus Torn", "Get-KKBackupRun Torn"])
        {
            var said = module.Invoke($"{command} 3>&1");
            Assert.Equal("Succeeded", $"{Assert.Single(said, each => each.BaseObject is not WarningRecord).Properties["Status"].Value}");
            Assert.Contains("99990101", $"{Assert.Single(said, each => each.BaseObject is WarningRecord)}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Nothing_as_a_pattern_takes_the_patterns_away_and_a_pattern_for_nothing_is_refused()
    {
        module.Configure("Patterns");
        string Include() => $"{module.Invoke("(Get-KKBackupConfiguration Patterns).Sources.Mail.Include -join '+'")[0]}";
        foreach (var nothing in (string[])["$null", "@()"])
        {
            module.Invoke("Set-KKBackupConfiguration Patterns -Include 'anna*', 'ben*' -IncludeSite '/sites/*'");
            Assert.Equal("anna*+ben*", Include());
            module.Invoke($"Set-KKBackupConfiguration Patterns -Include {nothing} -IncludeSite {nothing}");
            Assert.Equal("", Include());
            Assert.DoesNotContain(
                "\"include\"",
                File.ReadAllText(module.Folder["home", "configurations", "Patterns.json"]),
                StringComparison.Ordinal
            );
        }

        Assert.StartsWith(
            "ConfigurationFieldInvalid,",
            Assert.Single(module.TryInvoke("Set-KKBackupConfiguration Patterns -Include ''").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "ConfigurationFieldInvalid,",
            Assert.Single(module.TryInvoke("Set-KKBackupConfiguration Patterns -Exclude 'anna@x,ben@x'").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "PatternWithoutSource,",
            Assert.Single(module.TryInvoke("Set-KKBackupConfiguration Patterns -Source Mail -IncludeSite x").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.Equal("", Include());
    }

    [Fact]
    public void What_nobody_foresaw_shows_its_stack_in_the_session_though_its_type_lives_in_the_engine()
    {
        module.Configure("Odd");
        module.Invoke("Set-KKBackupConfiguration Odd -Source Mail");
        var file = module.Folder["home", "configurations", "Odd.json"];
        File.WriteAllText(
            file,
            File.ReadAllText(file)
                .Replace($"\"id\": \"{module.Tenant.Options.TenantId}\"", "\"id\": \"not a tenant!\"", StringComparison.Ordinal)
        );
        var error = Assert.Single(module.TryInvoke("Start-KKBackup Odd").Errors);
        if (!error.FullyQualifiedErrorId.StartsWith("Unexpected,", StringComparison.Ordinal))
            return; // It is known by now.
        var exception = error.Exception;
        Assert.Equal("KlarKonform.Backup.BackupException", exception.GetType().FullName);
        Assert.NotNull(exception.InnerException?.StackTrace);
        Assert.DoesNotContain("not a tenant!", exception.Message, StringComparison.Ordinal);
        Assert.Contains(
            "   at ",
            $"{module.Invoke("try { Start-KKBackup Odd -ErrorAction Stop } catch { $_.Exception.InnerException.StackTrace }")[0]}",
            StringComparison.Ordinal
        );
    }

    // Every column heading of a table is available to scripts as a property.
    private static string[] Columns(string view) =>
        [
            .. XDocument
                .Load(Path.Combine(HelpFiles.Module, "KlarKonform.Backup.Format.ps1xml"))
                .Descendants("View")
                .Single(each => each.Element("Name")!.Value == view)
                .Descendants("TableColumnHeader")
                .Select(column => column.Element("Label")!.Value),
        ];

    private static string Of(PSObject value, string property) => $"{value.Properties[property].Value}";

    private void WithAnUnreadableMail(Action run)
    {
        module.Tenant.Change((model, _) => model.Users[0].Mailbox!.Messages.Values.First().IsUnreadable = true);
        try
        {
            run();
        }
        finally
        {
            module.Tenant.Change(
                (model, _) => model.Users[0].Mailbox!.Messages.Values.Single(message => message.IsUnreadable).IsUnreadable = false
            );
        }
    }
}
