using KlarKonform.Backup.Demo;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.ImportProbe;

/// <summary>A backup in a process where another Azure.Core was loaded and used first, as an Az module would.</summary>
internal static class ConflictProbe
{
    public static async Task RunAsync(string folder)
    {
        Console.Error.WriteLine(new Azure.Core.TokenRequestContext(["scope"]).Scopes[0]);
        await using var tenant = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                Sizes = new TenantSizes
                {
                    Users = 1,
                    MailsPerUser = 2,
                    FilesPerUser = 2,
                },
            }
        );
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), tenant.CaCertificatePem);
        Environment.SetEnvironmentVariable("KLARKONFORM_BACKUP_HOME", Path.Combine(folder, "home"));
        using (var shell = new ModuleHost())
        {
            shell.Invoke(
                """
                param($tenant, $client, $secret, $password, $base, $folder)
                New-KKBackupConfiguration -Name Probe -TenantId $tenant -ClientId $client -ClientSecret $secret `
                    -RepositoryPassword $password -Vault DemoVault `
                    -Cloud Custom -AuthorityHost $base -GraphEndpoint "$base/v1.0" -CaCertificate "$folder/ca.pem" `
                        -Path "$folder/repository"
                """,
                tenant.Options.TenantId,
                tenant.Options.ClientId,
                ModuleHost.Secure(tenant.Options.ClientSecret),
                ModuleHost.Secure("password"),
                tenant.BaseUrl,
                folder
            );
            Console.Error.WriteLine(shell.Invoke("(Start-KKBackup Probe).Status")[0]);
        }

        // A second import in a fresh runspace must reuse the engine, not fail because of it.
        using var again = new ModuleHost();
        again.Invoke("Get-KKBackupStatus");
    }
}
