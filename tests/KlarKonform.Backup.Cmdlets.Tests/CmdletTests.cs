using System.Runtime.Versioning;
using KlarKonform.Backup.Demo;

namespace KlarKonform.Backup.Cmdlets.Tests;

public sealed class CmdletTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    [Fact]
    public void The_whole_way_works_with_typed_objects_down_the_pipeline()
    {
        module.Configure("Way");
        Assert.Equal("Pending", $"{module.Invoke("(Get-KKBackupStatus Way).Status")[0]}");
        Assert.All(module.Invoke("Test-KKBackupConnection Way"), check => Assert.Equal("Passed", $"{check.Properties["Result"].Value}"));
        var run = module.Invoke("Get-KKBackupConfiguration Way | Start-KKBackup")[0];
        Assert.Equal("KlarKonform.Backup.BackupRun", run.BaseObject.GetType().FullName);
        Assert.Equal("Succeeded", $"{run.Properties["Status"].Value}");
        Assert.Equal(12, module.Invoke("Get-KKBackupStatus Way -Detailed").Count);
        var restored = module.Invoke(
            "Get-KKBackupSnapshot Way -Latest | Restore-KKBackupItem -Path /OneDrive/*/*.txt -Destination $args[0]",
            module.Folder["restored"]
        );
        Assert.NotEmpty(restored);
        Assert.All(restored, item => Assert.True(File.Exists($"{item.Properties["File"].Value}")));
        Assert.Equal("True", $"{module.Invoke("(Test-KKBackup Way -Share 50%).Passed")[0]}");
    }

    [Fact]
    public void One_progress_bar_counts_resources_and_names_what_is_read_and_a_runbook_has_none()
    {
        module.Configure("Progress");
        module.Tenant.Contents.BytesPerSecond = 60_000;
        IReadOnlyList<System.Management.Automation.ProgressRecord> records;
        try
        {
            records = module.Progress("Start-KKBackup Progress");
        }
        finally
        {
            module.Tenant.Contents.BytesPerSecond = 0;
        }

        Assert.Single(records.Select(record => record.ActivityId).Distinct());
        Assert.Contains(
            records,
            record => record.StatusDescription.Contains(" of 12 ", StringComparison.Ordinal) && record.CurrentOperation.Contains('@')
        );
        Assert.Equal(System.Management.Automation.ProgressRecordType.Completed, records[^1].RecordType);
        Assert.Empty(module.Progress("$PSPrivateMetadata = @{ JobId = [guid]::NewGuid() }; Start-KKBackup Progress"));
    }

    [Fact]
    public void Ctrl_C_stops_cleanly_and_the_next_run_goes_on()
    {
        module.Configure("Stop");
        module.Stop("Start-KKBackup Stop");
        Assert.Empty(
            Directory.Exists(module.Folder["repository-Stop", "locks"]) ? Directory.GetFiles(module.Folder["repository-Stop", "locks"]) : []
        );
        Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Stop).Status")[0]}");
    }

    [Fact]
    public void Existing_files_are_kept_unless_forced()
    {
        module.Configure("Keep");
        module.Invoke("Start-KKBackup Keep");
        var target = module.Folder["kept"];
        Assert.All(
            module.Invoke("Restore-KKBackupItem Keep /OneDrive $args[0]", target),
            item => Assert.Equal("Restored", $"{item.Properties["Status"].Value}")
        );
        var file = Directory.EnumerateFiles(target, "*", SearchOption.AllDirectories).First(file => new FileInfo(file).Length > 0);
        File.WriteAllText(file, "mine");
        Assert.All(
            module.Invoke("Restore-KKBackupItem Keep /OneDrive $args[0]", target),
            item => Assert.Equal("Skipped", $"{item.Properties["Status"].Value}")
        );
        Assert.Equal("mine", File.ReadAllText(file));
        module.Invoke("Restore-KKBackupItem Keep /OneDrive $args[0] -Force", target);
        Assert.NotEqual("mine", File.ReadAllText(file));
    }

    [Fact]
    public void WhatIf_changes_nothing()
    {
        module.Configure("WhatIf");
        module.Invoke(
            "Start-KKBackup WhatIf -WhatIf; Remove-KKBackupConfiguration WhatIf -WhatIf; Set-KKBackupConfiguration WhatIf "
                + "-Source Mail -WhatIf"
        );
        Assert.False(Directory.Exists(module.Folder["repository-WhatIf"]));
        Assert.NotNull(module.Invoke("Get-KKBackupConfiguration WhatIf")[0].Properties["Sources"].Value);
        Assert.NotNull(module.Invoke("(Get-KKBackupConfiguration WhatIf).Sources.OneDrive")[0]);
    }

    [Fact]
    public void Secrets_go_to_the_vault_and_never_into_the_file()
    {
        module.Configure("Secrets");
        var json = File.ReadAllText(module.Folder["home", "configurations", "Secrets.json"]);
        Assert.Matches($"DemoVault/KlarKonform-{module.Tenant.Options.TenantId}-Secrets-[0-9a-f]{{8}}-ClientSecret\"", json);
        Assert.DoesNotContain(module.Tenant.Options.ClientSecret, json, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite,
                File.GetUnixFileMode(module.Folder["home", "configurations", "Secrets.json"])
            );
    }

    [Fact]
    public void Configurations_of_one_name_for_two_tenants_share_no_secret_in_a_vault_and_a_new_value_goes_where_the_old_one_was()
    {
        const string create =
            "param($tenant, $secret, $path) New-KKBackupConfiguration 'Täglich Nacht' -TenantId $tenant -ClientId c "
            + "-ClientSecret $secret -RepositoryPassword $secret -Vault DemoVault -Path $path -WarningAction SilentlyContinue; ";
        var first = module.Invoke(
            create + "Remove-KKBackupConfiguration 'Täglich Nacht' -Confirm:$false",
            "nord.example",
            ModuleHost.Secure("one"),
            module.Folder["a"]
        )[0];
        var second = module.Invoke(create, "sued.example", ModuleHost.Secure("two"), module.Folder["b"])[0];
        var (one, two) = (
            $"{first.Properties["Repository"].Value.GetType().GetProperty("Password")!.GetValue(first.Properties["Repository"].Value)}",
            $"{second.Properties["Repository"].Value.GetType().GetProperty("Password")!.GetValue(second.Properties["Repository"].Value)}"
        );
        Assert.NotEqual(one, two);
        Assert.Matches("^DemoVault/KlarKonform-sued-example-T-glich-Nacht-[0-9a-f]{8}-RepositoryPassword$", two);
        module.Invoke("Set-KKBackupConfiguration 'Täglich Nacht' -RepositoryPassword $args[0]", ModuleHost.Secure("three"));
        Assert.Equal(two, $"{module.Invoke("(Get-KKBackupConfiguration 'Täglich Nacht').Repository.Password")[0]}");
        Assert.Equal(("one", "three"), (Value(one), Value(two)));
        module.Invoke("Remove-KKBackupConfiguration 'Täglich Nacht' -Confirm:$false");
        string Value(string name) =>
            module
                .Invoke("[Net.NetworkCredential]::new('', (Get-Secret -Vault DemoVault -Name $args[0])).Password", name.Split('/')[1])[0]
                .ToString()!;
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Files_that_others_may_read_are_named_by_the_check_and_by_a_run_unless_their_folder_is_closed()
    {
        module.Configure("Open");
        var (folder, file) = (module.Folder["home", "configurations"], module.Folder["home", "configurations", "Open.json"]);
        var folderBefore = File.GetUnixFileMode(folder);
        int Warnings() => module.Invoke("Test-KKBackupConnection Open | Where-Object { $_.Result -eq 'Warning' }").Count;
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        try
        {
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Assert.Equal(0, Warnings());
            File.SetUnixFileMode(
                folder,
                UnixFileMode.UserRead
                    | UnixFileMode.UserWrite
                    | UnixFileMode.UserExecute
                    | UnixFileMode.OtherRead
                    | UnixFileMode.OtherExecute
            );
            Assert.Equal(1, Warnings());
            Assert.Contains(module.Invoke("Start-KKBackup Open *>&1"), each => $"{each}".Contains(file, StringComparison.Ordinal));
        }
        finally
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.SetUnixFileMode(folder, folderBefore);
        }
    }

    [Theory]
    [InlineData("-ClientSecret $args[0] -Vault Nirgends", "VaultNotFound,")]
    [InlineData("-ClientSecret $args[0] -UploadLimit 1", "ConfigurationFieldInvalid,")]
    public void What_cannot_be_set_leaves_configuration_and_vault_as_they_are(string change, string error)
    {
        if (module.Invoke("Get-KKBackupConfiguration Stay*").Count == 0)
            module.Configure("Stay");
        var before = File.ReadAllText(module.Folder["home", "configurations", "Stay.json"]);
        Assert.StartsWith(
            error,
            Assert
                .Single(module.TryInvoke($"Set-KKBackupConfiguration Stay {change}", ModuleHost.Secure("another")).Errors)
                .FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.Equal(before, File.ReadAllText(module.Folder["home", "configurations", "Stay.json"]));
        Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Stay).Status")[0]}");
    }

    [Fact]
    public void Set_changes_what_is_given_and_keeps_the_rest()
    {
        module.Configure("Change");
        module.Invoke("Set-KKBackupConfiguration Change -Source Mail -Include 'anna*'");
        var changed = module.Invoke("Get-KKBackupConfiguration Change")[0].BaseObject;
        Assert.Equal("anna*", $"{module.Invoke("(Get-KKBackupConfiguration Change).Sources.Mail.Include")[0]}");
        Assert.DoesNotContain(module.Invoke("(Get-KKBackupConfiguration Change).Sources.OneDrive"), each => each is not null);
        Assert.Equal(module.Folder["repository-Change"], $"{module.Invoke("(Get-KKBackupConfiguration Change).Target.Path")[0]}");
        Assert.NotNull(changed);
        Assert.Single(module.Invoke("(Start-KKBackup Change).Resources"));
    }

    [Theory]
    [InlineData("Start-KKBackup Nothing", "ConfigurationNotFound", "ObjectNotFound")]
    [InlineData("Get-KKBackupStatus Nothing", "ConfigurationNotFound", "ObjectNotFound")]
    [InlineData("Remove-KKBackupConfiguration Nothing -Confirm:$false", "ConfigurationNotFound", "ObjectNotFound")]
    [InlineData("Test-KKBackup Nothing", "ConfigurationNotFound", "ObjectNotFound")]
    [InlineData(
        "New-KKBackupConfiguration Bad -TenantId t -ClientId c -ClientSecretName x -RepositoryPasswordName v/p -Path /tmp/x",
        "ConfigurationFieldInvalid",
        "InvalidArgument"
    )]
    [InlineData(
        "New-KKBackupConfiguration Bad -TenantId t -ClientId c -ClientSecretName v/s -RepositoryPasswordName v/p",
        "ConfigurationFieldInvalid",
        "InvalidArgument"
    )]
    [InlineData(
        "New-KKBackupConfiguration Bad -TenantId t -ClientId c -ClientSecretName v/s -RepositoryPasswordName v/p -SftpHost h "
            + "-SftpPath /p -HostKey wrong -CredentialName v/c",
        "ConfigurationFieldInvalid",
        "InvalidArgument"
    )]
    [InlineData(
        "New-KKBackupConfiguration Bad -TenantId t -ClientId c -ClientSecretName v/s -RepositoryPasswordName v/p -Endpoint "
            + "http://s3.example -Bucket b -CredentialName v/c",
        "ConfigurationFieldInvalid",
        "InvalidArgument"
    )]
    public void A_mistake_gets_one_error_with_a_stable_id_and_no_file(string script, string id, string category)
    {
        var (output, errors) = module.TryInvoke(script);
        Assert.Empty(output);
        var error = Assert.Single(errors);
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(category, error.CategoryInfo.Category.ToString());
        Assert.DoesNotContain(" at ", error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(module.Folder["home", "configurations", "Bad.json"]));
    }

    [Fact]
    public void A_missing_vault_and_a_missing_secret_are_named()
    {
        const string script =
            "param($name, $secret) New-KKBackupConfiguration $name -TenantId t -ClientId c -ClientSecretName $secret "
            + "-RepositoryPasswordName 'DemoVault/none' -Path /tmp/never; Start-KKBackup $name";
        Assert.StartsWith(
            "SecretNotFound,",
            Assert.Single(module.TryInvoke(script, "NoSecret", "DemoVault/none").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "VaultNotFound,",
            Assert
                .Single(
                    module
                        .TryInvoke(
                            "New-KKBackupConfiguration NoVault -TenantId t -ClientId c -ClientSecretName Elsewhere/s "
                                + "-RepositoryPasswordName Elsewhere/p -Path /tmp/never | Out-Null; Start-KKBackup NoVault"
                        )
                        .Errors
                )
                .FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void An_expired_client_secret_is_explained_without_being_shown()
    {
        module.Configure("Expired", module.Tenant.Options.ExpiredSecret);
        var error = Assert.Single(module.TryInvoke("Start-KKBackup Expired").Errors);
        Assert.StartsWith("GraphSignInFailed,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("7000222", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(module.Tenant.Options.ExpiredSecret, error.ToString(), StringComparison.Ordinal);
        Assert.Equal("Failed", $"{module.Invoke("(Get-KKBackupStatus Expired).Status")[0]}");
    }

    [Fact]
    public void Messages_and_states_follow_the_culture()
    {
        module.Configure("Kultur");
        var before = System.Globalization.CultureInfo.CurrentUICulture;
        try
        {
            System.Globalization.CultureInfo.CurrentUICulture = new System.Globalization.CultureInfo("de-DE");
            Assert.Contains(
                "Es gibt keine Konfiguration",
                Assert
                    .Single(
                        module
                            .TryInvoke("[System.Threading.Thread]::CurrentThread.CurrentUICulture = 'de-DE'; Start-KKBackup Nirgends")
                            .Errors
                    )
                    .ToString(),
                StringComparison.Ordinal
            );
            Assert.Equal(
                "Ausstehend",
                module
                    .Invoke("[Threading.Thread]::CurrentThread.CurrentUICulture = 'de-DE'; (Get-KKBackupStatus Kultur).StatusText")[0]
                    .ToString()
            );
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentUICulture = before;
        }
    }
}
