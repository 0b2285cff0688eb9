namespace KlarKonform.Backup.Cmdlets.Tests;

public sealed class RestoreTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    [Fact]
    public void What_is_found_goes_through_the_pipeline_to_a_folder_and_back_to_the_mailbox()
    {
        module.Configure("Pipe");
        module.Invoke("Start-KKBackup Pipe");
        var found = module.Invoke("Find-KKBackupItem Pipe -From kunde@beispiel -Source Mail");
        Assert.NotEmpty(found);
        var restored = module.Invoke(
            "Find-KKBackupItem Pipe -From kunde@beispiel -Source Mail | Restore-KKBackupItem -Destination $args[0] -Layout Flat",
            module.Folder["flat"]
        );
        Assert.Equal(found.Count, restored.Count);
        Assert.Equal(found.Count, Directory.GetFiles(module.Folder["flat"], "*.eml").Length);

        // They all still exist: nothing is duplicated.
        var back = module.Invoke(
            "Find-KKBackupItem Pipe -From kunde@beispiel -Source Mail | Restore-KKBackupItem -ToMicrosoft365 -InPlace"
        );
        Assert.All(back, item => Assert.Equal("Skipped", $"{item.Properties["Status"].Value}"));
        var dated = module.Invoke(
            "Find-KKBackupItem Pipe -From kunde@beispiel -Source Mail | Restore-KKBackupItem -ToMicrosoft365 -ReportPath $args[0]",
            module.Folder["report.csv"]
        );
        Assert.All(dated, item => Assert.Equal("Restored", $"{item.Properties["Status"].Value}"));
        Assert.Equal(found.Count + 1, File.ReadAllLines(module.Folder["report.csv"]).Length);
        module.Tenant.Change(
            (model, _) =>
                Assert.Contains(
                    model.Users.SelectMany(user => user.Mailbox?.Folders.Values.Select(folder => folder.Name) ?? []),
                    name => name.StartsWith("Restored 20", StringComparison.Ordinal)
                )
        );
    }

    [Fact]
    public void The_help_s_own_example_brings_a_deleted_mail_back_once_and_a_search_finds_folders_only_when_asked()
    {
        module.Configure("Once", more: "-DeletedItems KeepUntilRetention");
        module.Invoke("Start-KKBackup Once");
        int Mails() => module.Tenant.Change((model, _) => model.Users.Sum(user => user.Mailbox?.Messages.Count ?? 0));
        var before = Mails();
        module.Tenant.Change(
            (model, _) =>
            {
                var mailbox = model.Users.First(user => user.Mailbox is not null).Mailbox!;
                mailbox.Delete(
                    mailbox.Messages.Values.First(message =>
                        mailbox.Folders[message.FolderId].Store == DemoTenant.Model.DemoFolderStore.Visible
                    )
                );
            }
        );
        module.Invoke("Start-KKBackup Once");
        Assert.Single(module.Invoke("Find-KKBackupItem Once -Source Mail -Deleted"));
        Assert.True(module.Invoke("Find-KKBackupItem Once -Source Mail -Deleted -IncludeFolder").Count > 3);

        // Folders, items, pages of a listing and the search twice: one mail.
        const string Selection =
            "$(Find-KKBackupItem Once -Source Mail -Deleted -IncludeFolder; Find-KKBackupItem Once -Source Mail -Deleted; "
            + "Find-KKBackupItem Once -Source Mail -Deleted -SnapshotId latest)";
        Assert.Equal(
            "Restored",
            $"{Assert.Single(module.Invoke($"{Selection} | Restore-KKBackupItem -ToMicrosoft365 -InPlace")).Properties["Status"].Value}"
        );
        Assert.Equal(before, Mails());
        Assert.Equal(
            "Skipped",
            Assert
                .Single(module.Invoke("Find-KKBackupItem Once -Source Mail -Deleted | Restore-KKBackupItem -ToMicrosoft365 -InPlace"))
                .Properties["Status"]
                .Value.ToString()
        );
        Assert.Equal(before, Mails());
    }

    [Fact]
    public void What_is_found_keeps_its_owners_folders()
    {
        module.Configure("Owners");
        module.Invoke("Start-KKBackup Owners");
        var restored = module.Invoke(
            "Find-KKBackupItem Owners * -Source OneDrive | Restore-KKBackupItem -Destination $args[0]",
            module.Folder["owners"]
        );
        Assert.NotEmpty(restored);
        Assert.Equal(restored.Count, Directory.GetFiles(module.Folder["owners"], "*", SearchOption.AllDirectories).Length);
        Assert.Equal(["OneDrive"], Directory.GetFileSystemEntries(module.Folder["owners"]).Select(Path.GetFileName));
        Assert.All(Directory.GetDirectories(Path.Combine(module.Folder["owners"], "OneDrive")), folder => Assert.Contains('@', folder));
    }

    [Fact]
    public void Failed_items_are_errors_after_everything_else_is_restored_also_when_errors_stop_the_script()
    {
        module.Configure("Stop");
        module.Invoke("Start-KKBackup Stop");
        var (target, elsewhere) = (module.Folder["stop"], module.Folder["elsewhere"]);
        Directory.CreateDirectory(target);
        Directory.CreateDirectory(elsewhere);
        Directory.CreateSymbolicLink(Path.Combine(target, "Exchange"), elsewhere);
        var (_, errors) = module.TryInvoke(
            "$ErrorActionPreference = 'Stop'; Restore-KKBackupItem Stop / $args[0] -ReportPath $args[1]",
            target,
            module.Folder["stop.csv"]
        );
        Assert.StartsWith("LinkInTheWay", Assert.Single(errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(target, "OneDrive"), "*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere));

        // Two configurations in one command: one report of both.
        module.Configure("Other");
        module.Invoke("Start-KKBackup Other");
        var rows = module.Invoke(
            "'Stop', 'Other' | ForEach-Object { Find-KKBackupItem $_ -Source OneDrive -SnapshotId latest } | "
                + "Restore-KKBackupItem -Destination $args[0] -ReportPath $args[1]",
            module.Folder["both"],
            module.Folder["both.csv"]
        );
        Assert.Equal(rows.Count + 1, File.ReadAllLines(module.Folder["both.csv"]).Length);
    }

    [Fact]
    public void WhatIf_restores_nothing_and_wrong_input_is_refused_with_a_clear_error()
    {
        module.Configure("Wrong");
        module.Invoke("Start-KKBackup Wrong");
        Assert.Empty(module.Invoke("Restore-KKBackupItem Wrong /Exchange $args[0] -WhatIf", module.Folder["whatif"]));
        Assert.False(Directory.Exists(module.Folder["whatif"]));
        string Refused(string script) =>
            Assert.Single(module.TryInvoke(script, module.Folder["wrong"]).Errors).FullyQualifiedErrorId.Split(',')[0];
        Assert.Equal("PathNotFound", Refused("Restore-KKBackupItem Wrong /Exchange/niemand $args[0]"));
        Assert.Equal("SnapshotNotFound", Refused("Restore-KKBackupItem Wrong /Exchange $args[0] -SnapshotId 00000000"));
        Assert.Equal("RestoreInPlaceFolder", Refused("Restore-KKBackupItem Wrong /Exchange -ToMicrosoft365 -InPlace -TargetFolder x"));
        Assert.Equal("PositionalParameterNotFound", Refused("Restore-KKBackupItem Wrong /Exchange $args[0] -ToMicrosoft365"));
        Assert.Equal(
            "RestoreSiteUnknown",
            Refused("Restore-KKBackupItem Wrong /OneDrive -ToMicrosoft365 -TargetSite https://nirgendwo.example/sites/x")
        );
        Assert.Equal(
            "RestoreUserUnknown",
            Refused("Restore-KKBackupItem Wrong /Exchange -ToMicrosoft365 -TargetUser niemand@demo.example")
        );
        Assert.Equal("ConfigurationNotFound", Refused("Find-KKBackupItem Keine -Subject x"));
        Assert.Equal("PathNotFound", Refused("Get-KKBackupItem Wrong /Nichts"));
        Assert.False(Directory.Exists(module.Folder["wrong"]));
    }

    [Fact]
    public void A_snapshot_is_browsed_page_by_page()
    {
        module.Configure("Browse");
        module.Invoke("Start-KKBackup Browse");
        var all = module.Invoke("Get-KKBackupItem Browse / -Recurse");
        var second = module.Invoke("Get-KKBackupItem Browse / -Recurse -Skip 3 -First 4");
        Assert.Equal(
            all.Skip(3).Take(4).Select(item => $"{item.Properties["Path"].Value}"),
            second.Select(item => $"{item.Properties["Path"].Value}")
        );
        Assert.Equal($"{all.Count}", $"{module.Invoke("Get-KKBackupItem Browse / -Recurse -First 0 -IncludeTotalCount")[0].BaseObject}");
        Assert.Equal(
            ["Exchange", "OneDrive"],
            module
                .Invoke("(Get-KKBackupSnapshot Browse -Latest | Get-KKBackupItem).Name")
                .Select(name => $"{name}")
                .Intersect(["Exchange", "OneDrive"])
        );
    }

    [Fact]
    public void A_legal_policy_is_shortened_with_a_reason_only_and_a_hold_is_set_shown_and_lifted()
    {
        module.Configure("Legal");
        module.Invoke("Set-KKBackupConfiguration Legal -RetentionPreset Legal");
        module.Invoke("Start-KKBackup Legal");
        var refused = Assert.Single(module.TryInvoke("Set-KKBackupConfiguration Legal -RetentionPreset Standard").Errors);
        Assert.StartsWith("RetentionReasonMissing,", refused.FullyQualifiedErrorId, StringComparison.Ordinal);

        // In the hosted engine there is no one to answer, as in a scheduled task.
        Assert.StartsWith(
            "ConfirmationImpossible,",
            Assert
                .Single(module.TryInvoke("Set-KKBackupConfiguration Legal -RetentionPreset Standard -Reason Probe").Errors)
                .FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.Equal("Legal", $"{module.Invoke("(Get-KKBackupConfiguration Legal).Retention.Preset")[0]}");
        module.Invoke("Set-KKBackupConfiguration Legal -RetentionPreset Standard -Reason 'Mandat beendet' -Force");
        Assert.Equal("Standard", $"{module.Invoke("(Get-KKBackupConfiguration Legal).Retention.Preset")[0]}");

        var hold = module.Invoke("Set-KKBackupHold Legal -Reason 'Verfahren' -Author 'Dr. Weber'")[0];
        Assert.Equal("Verfahren", $"{module.Invoke("(Get-KKBackupStatus Legal).Holds[0].Reason")[0]}");
        Assert.Single(module.Invoke("Get-KKBackupHold Legal"));
        Assert.Empty(module.Invoke("Remove-KKBackupHold Legal $args[0] -Reason 'erledigt' -WhatIf", $"{hold.Properties["HoldId"].Value}"));
        module.Invoke("Get-KKBackupHold Legal | Remove-KKBackupHold -Reason 'erledigt' -Confirm:$false");
        Assert.Empty(module.Invoke("Get-KKBackupHold Legal"));
        Assert.Equal(
            ["RetentionShortened", "HoldSet", "HoldRemoved"],
            module.Invoke("(Get-KKBackupAuditLog Legal).Action").Select(action => $"{action}")
        );
    }

    [Fact]
    public void A_policy_of_ones_own_is_written_changed_and_planned_for_another_date()
    {
        module.Configure("Custom");
        module.Invoke("Set-KKBackupConfiguration Custom -KeepDays 30 -KeepMonthly 12 -DeletedItems KeepUntilRetention");
        var retention = module.Invoke("(Get-KKBackupConfiguration Custom).Retention")[0];
        Assert.Equal(
            ("Custom", "KeepUntilRetention"),
            ($"{retention.Properties["Preset"].Value}", $"{retention.Properties["DeletedItems"].Value}")
        );
        module.Invoke("Set-KKBackupConfiguration Custom -KeepMonthly 0 -KeepWeekly 4");
        Assert.Equal(
            "30,4,",
            $"{module.Invoke("$k = (Get-KKBackupConfiguration Custom).Retention.Keep; \"$($k.Days),$($k.Weekly),$($k.Monthly)\"")[0]}"
        );
        var refused = Assert.Single(module.TryInvoke("Set-KKBackupConfiguration Custom -RetentionPreset Legal -KeepDays 5").Errors);
        Assert.StartsWith("ConfigurationFieldInvalid,", refused.FullyQualifiedErrorId, StringComparison.Ordinal);
        module.Invoke("Set-KKBackupConfiguration Custom -KeepWeekly 0; Start-KKBackup Custom; Start-KKBackup Custom");
        var plan = module.Invoke("Invoke-KKBackupRetention Custom -Date ([DateTime]::Now.AddYears(2))")[0];
        Assert.Equal("False", $"{plan.Properties["Executed"].Value}");
        Assert.Single((System.Collections.ICollection)plan.Properties["Removed"].Value);
        Assert.Equal(2, module.Invoke("Get-KKBackupSnapshot Custom").Count);
    }
}
