using System.Diagnostics;
using System.Runtime.Versioning;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>A killed process cannot clean up: whatever it left must be a valid repository.</summary>
public sealed class KilledRunTests
{
    [Fact]
    public async Task A_killed_run_leaves_a_valid_repository_and_the_next_one_completes_it()
    {
        using var folder = new TemporaryFolder();
        await using var tenant = await PrepareAsync(folder);
        var start = ImportTests.ProbeProcess("backup", "Kill", tenant.Options.ClientSecret, "password");
        var restic = new StockRestic(folder["repository"], "password");
        foreach (var packs in (int[])[1, 3, 5])
        {
            // Killed when this many packs have arrived: once before any snapshot, then later.
            using var process = Process.Start(start)!;
            while (
                !process.HasExited
                && (
                    !Directory.Exists(folder["repository", "data"])
                    || Directory.EnumerateFiles(folder["repository", "data"], "*", SearchOption.AllDirectories).Count() < packs
                )
            )
                await Task.Delay(5);
            process.Kill();
            await process.WaitForExitAsync();
            Assert.Contains("no errors were found", restic.Run("check", "--read-data", "--no-lock"), StringComparison.Ordinal);
        }

        using var last = Process.Start(start)!;
        var errors = last.StandardError.ReadToEndAsync();
        Assert.Equal("Succeeded", (await last.StandardOutput.ReadToEndAsync()).Trim());
        await last.WaitForExitAsync();
        Assert.Empty(await errors);
        Assert.Contains("no errors were found", restic.Run("check", "--read-data", "--no-lock"), StringComparison.Ordinal);
        Assert.Equal(
            tenant.Model.Users.Sum(user => user.Mailbox!.Messages.Count),
            restic.Run("ls", "latest", "--no-lock").Split('\n').Count(line => line.EndsWith(".eml", StringComparison.Ordinal))
        );
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_run_whose_process_is_asked_to_end_saves_a_checkpoint_first()
    {
        using var folder = new TemporaryFolder();
        await using var tenant = await PrepareAsync(folder);
        using var process = Process.Start(ImportTests.ProbeProcess("backup", "Kill", tenant.Options.ClientSecret, "password"))!;
        while (
            !process.HasExited
            && (
                !Directory.Exists(folder["repository", "data"])
                || !Directory.EnumerateFiles(folder["repository", "data"], "*", SearchOption.AllDirectories).Any()
            )
        )
            await Task.Delay(5);
        using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
            await kill.WaitForExitAsync();
        await process.WaitForExitAsync();
        Assert.NotEqual(0, process.ExitCode);
        var restic = new StockRestic(folder["repository"], "password");
        Assert.Contains("checkpoint", restic.Run("snapshots", "--no-lock"), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(folder["repository", "locks"]));
    }

    private static async Task<DemoTenantServer> PrepareAsync(TemporaryFolder folder)
    {
        var tenant = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                Sizes = new TenantSizes
                {
                    Users = 2,
                    MailsPerUser = 200,
                    FilesPerUser = 200,
                    MaxFileBytes = 2_000_000,
                },
                Latency = TimeSpan.FromMilliseconds(10),
            }
        );
        await File.WriteAllTextAsync(folder["ca.pem"], tenant.CaCertificatePem);
        Environment.SetEnvironmentVariable("KLARKONFORM_BACKUP_HOME", folder["home"]);
        using (var shell = new ModuleHost())
        {
            shell.Invoke(
                """
                param($tenant, $client, $secret, $password, $base, $folder)
                New-KKBackupConfiguration -Name Kill -TenantId $tenant -ClientId $client -ClientSecret $secret `
                    -RepositoryPassword $password -Vault DemoVault `
                    -Cloud Custom -AuthorityHost $base -GraphEndpoint "$base/v1.0" -CaCertificate "$folder/ca.pem" `
                        -Path "$folder/repository"
                """,
                tenant.Options.TenantId,
                tenant.Options.ClientId,
                ModuleHost.Secure(tenant.Options.ClientSecret),
                ModuleHost.Secure("password"),
                tenant.BaseUrl,
                folder.Path
            );
        }

        return tenant;
    }
}
