using System.Diagnostics;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Cmdlets.Tests;

public sealed class MaintenanceTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    [Fact]
    public void A_password_is_replaced_without_touching_the_data()
    {
        module.Configure("Keys");
        module.Invoke("Start-KKBackup Keys");
        module.Invoke("Add-KKBackupKey Keys DemoVault/Second -Password $args[0]", ModuleHost.Secure("second password"));
        Assert.Equal(2, module.Invoke("Get-KKBackupKey Keys").Count);
        module.Invoke("Set-KKBackupConfiguration Keys -RepositoryPasswordName DemoVault/Second");

        var current = module.Invoke("(Get-KKBackupKey Keys | Where-Object IsCurrent).Id")[0];
        var refused = Assert.Single(module.TryInvoke("Remove-KKBackupKey Keys $args[0] -Confirm:$false", current).Errors);
        Assert.StartsWith("KeyInUse,", refused.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith(
            "KeyNotFound,",
            Assert.Single(module.TryInvoke("Remove-KKBackupKey Keys ffffffffffff -Confirm:$false").Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        module.Invoke("Get-KKBackupKey Keys | Where-Object IsCurrent -EQ $false | Remove-KKBackupKey -Confirm:$false");

        Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Keys).Status")[0]}");
        Assert.NotEqual(0, new StockRestic(module.Folder["repository-Keys"], "password").TryRun("snapshots").Code);
        Assert.Contains(
            "no errors were found",
            new StockRestic(module.Folder["repository-Keys"], "second password").Run("check", "--read-data"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_password_that_the_vault_does_not_have_adds_no_key()
    {
        module.Configure("NoKey");
        module.Invoke("Start-KKBackup NoKey");
        Assert.NotEmpty(module.TryInvoke("Add-KKBackupKey NoKey DemoVault/Absent").Errors);
        Assert.NotEmpty(module.TryInvoke("Add-KKBackupKey NoKey nonsense").Errors);
        Assert.Single(module.Invoke("Get-KKBackupKey NoKey"));
    }

    [Fact]
    public void A_lost_index_is_built_anew()
    {
        module.Configure("Repair");
        module.Invoke("Start-KKBackup Repair");
        foreach (var index in Directory.GetFiles(module.Folder["repository-Repair", "index"]))
            File.Delete(index);
        Assert.False((bool)module.Invoke("Test-KKBackup Repair")[0].Properties["Passed"].Value);
        module.Invoke("Repair-KKBackup Repair -WhatIf");
        Assert.Empty(Directory.GetFiles(module.Folder["repository-Repair", "index"]));
        Assert.True((int)module.Invoke("Repair-KKBackup Repair")[0].Properties["Packs"].Value > 0);
        Assert.Equal("True", $"{module.Invoke("(Test-KKBackup Repair -ReadData).Passed")[0]}");
        Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Repair).Status")[0]}");
    }

    [Fact]
    public async Task The_locks_of_a_killed_run_are_shown_and_removed_and_so_are_those_of_the_living_on_demand_alone()
    {
        module.Configure("Unlock");
        module.Invoke("Start-KKBackup Unlock");
        var locks = module.Folder["repository-Unlock", "locks"];
        Assert.Empty(module.Invoke("Unlock-KKBackup Unlock -Confirm:$false"));

        // Complete files, not those being written.
        int Written() => Directory.GetFiles(locks).Count(file => Path.GetFileName(file).Length == 64);

        // From a process of this computer that no longer exists.
        while (Written() == 0)
        {
            using var killed = Process.Start(ImportTests.ProbeProcess("backup", "Unlock", module.Tenant.Options.ClientSecret, "password"))!;
            while (!killed.HasExited && Written() == 0)
                await Task.Delay(5, TestContext.Current.CancellationToken);
            killed.Kill();
            await killed.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(
                ["Dead False"],
                module
                    .Invoke("Unlock-KKBackup Unlock -WhatIf | ForEach-Object { \"$($_.State) $($_.Removed)\" }")
                    .Select(each => $"{each}")
                    .Distinct()
            );
            Assert.NotEmpty(Directory.GetFiles(locks));
            Assert.Equal(["True"], module.Invoke("(Unlock-KKBackup Unlock -Confirm:$false).Removed").Select(each => $"{each}").Distinct());
        }
        else
        {
            module.Invoke("Unlock-KKBackup Unlock -Force -Confirm:$false");
        }

        Assert.Empty(Directory.GetFiles(locks));

        // From a stock restic that is running.
        var start = new ProcessStartInfo("restic", ["-r", module.Folder["repository-Unlock"], "--no-cache", "backup", "--stdin"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["RESTIC_PASSWORD"] = "password";
        using var restic = Process.Start(start)!;
        while (Directory.GetFiles(locks).Length == 0)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        var shown = Assert.Single(module.Invoke("Unlock-KKBackup Unlock -Confirm:$false"));
        Assert.Equal(
            ("Alive", $"{restic.Id}", "False", "False"),
            (
                $"{shown.Properties["State"].Value}",
                $"{shown.Properties["ProcessId"].Value}",
                $"{shown.Properties["Removed"].Value}",
                $"{shown.Properties["IsExclusive"].Value}"
            )
        );
        Assert.Contains(
            "Unlock-KKBackup Unlock",
            Assert.Single(module.TryInvoke("Repair-KKBackup Unlock -Confirm:$false").Errors).ToString(),
            StringComparison.Ordinal
        );
        module.Invoke("Unlock-KKBackup Unlock -Force -WhatIf");
        Assert.Single(Directory.GetFiles(locks));
        Assert.Equal("True", $"{module.Invoke("(Unlock-KKBackup Unlock -Force -Confirm:$false).Removed")[0]}");
        Assert.Empty(Directory.GetFiles(locks));
        restic.Kill();

        // An unreadable file is named, with the way to remove it.
        await File.WriteAllBytesAsync(Path.Combine(locks, new string('a', 64)), new byte[100], TestContext.Current.CancellationToken);
        Assert.Equal("Unknown", $"{module.Invoke("(Unlock-KKBackup Unlock -Confirm:$false).State")[0]}");
        Assert.Equal("True", $"{module.Invoke("(Unlock-KKBackup Unlock -Force -Confirm:$false).Removed")[0]}");
        Assert.Equal("Succeeded", $"{module.Invoke("(Start-KKBackup Unlock).Status")[0]}");
    }

    [Theory]
    [InlineData("-Bucket b -CredentialName DemoVault/S3 -KmsKeyId k", "target.kmsKeyId")]
    [InlineData("-Bucket b -CredentialName DemoVault/S3 -UseDefaultCredentials", "target.useDefaultCredentials")]
    [InlineData("-Bucket b", "target.credential")]
    [InlineData("-Bucket b -CredentialName DemoVault/S3 -Proxy ftp://proxy", "target.proxy")]
    [InlineData("-Bucket b -CredentialName DemoVault/S3 -UploadLimit 1", "target.uploadLimit")]
    [InlineData("-Bucket b -CredentialName DemoVault/S3 -PackSizeMiB 2", "target.packSizeMiB")]
    [InlineData("-Bucket b -CredentialName DemoVault/S3 -PackSizeMiB 129", "target.packSizeMiB")]
    [InlineData("-SftpHost 127.0.0.1 -Port 1 -SftpPath /x -CredentialName DemoVault/S3 -TrustHostKey", "127.0.0.1")]
    [InlineData("-SftpHost 127.0.0.1 -SftpPath /x -CredentialName DemoVault/S3 -TrustHostKey -HostKey SHA256:x", "-TrustHostKey")]
    public void Settings_that_cannot_work_are_refused_by_name_and_nothing_is_written(string target, string words)
    {
        var error = Assert.Single(
            module
                .TryInvoke(
                    "New-KKBackupConfiguration Refused -TenantId t -ClientId c -ClientSecretName DemoVault/A "
                        + "-RepositoryPasswordName DemoVault/B "
                        + target
                )
                .Errors
        );
        Assert.Contains(words, error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(module.Folder["home", "configurations", "Refused.json"]));
    }

    [Fact]
    public void A_default_chain_that_has_no_keys_says_so()
    {
        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
        module.Invoke(
            """
            param($tenant, $client, $secret, $password, $base, $ca)
            New-KKBackupConfiguration -Name Chain -TenantId $tenant -ClientId $client -ClientSecret $secret `
                -RepositoryPassword $password -Vault DemoVault `
                -Cloud Custom -AuthorityHost $base -GraphEndpoint "$base/v1.0" -CaCertificate $ca -Endpoint http://127.0.0.1:9 `
                    -Bucket b -UseDefaultCredentials
            """,
            module.Tenant.Options.TenantId,
            module.Tenant.Options.ClientId,
            ModuleHost.Secure(module.Tenant.Options.ClientSecret),
            ModuleHost.Secure("password"),
            module.Tenant.BaseUrl,
            module.Folder["ca.pem"]
        );
        var error = Assert.Single(module.TryInvoke("Get-KKBackupSnapshot Chain").Errors);
        Assert.StartsWith("TargetDefaultCredentials,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("AWS_ACCESS_KEY_ID", error.ToString(), StringComparison.Ordinal);

        // Each way replaces the other.
        var target = module.Invoke("(Set-KKBackupConfiguration Chain -CredentialName DemoVault/S3).Target")[0];
        Assert.Equal(
            ("", "DemoVault/S3"),
            ($"{target.Properties["UseDefaultCredentials"].Value}", $"{target.Properties["Credential"].Value}")
        );
        target = module.Invoke("(Set-KKBackupConfiguration Chain -UseDefaultCredentials).Target")[0];
        Assert.Equal(("True", ""), ($"{target.Properties["UseDefaultCredentials"].Value}", $"{target.Properties["Credential"].Value}"));
    }
}
