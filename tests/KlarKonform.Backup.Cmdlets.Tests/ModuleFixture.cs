using System.Management.Automation;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.TestSupport;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>
/// A hosted PowerShell with the module, a tenant, and its own home folder. The environment names the home folder, so tests do not run
/// concurrently.
/// </summary>
public sealed class ModuleFixture : IAsyncLifetime
{
    private ModuleHost _shell = null!;

    public TemporaryFolder Folder { get; } = new();

    public DemoTenantServer Tenant { get; private set; } = null!;

    /// <summary>A certificate that the app is registered with, with its private key.</summary>
    public X509Certificate2 Certificate { get; } = NewCertificate();

    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable("KLARKONFORM_BACKUP_HOME", Folder["home"]);
        Tenant = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                Sizes = new TenantSizes
                {
                    Users = 2,
                    MailsPerUser = 6,
                    FilesPerUser = 5,
                    MaxFileBytes = 50_000,
                },
                Certificates = [Certificate],
                Permissions = new DemoTenantOptions()
                    .Permissions.Concat(["Mail.ReadWrite", "Calendars.ReadWrite", "Contacts.ReadWrite", "Files.ReadWrite.All"])
                    .ToHashSet(),
            }
        );
        await File.WriteAllTextAsync(Folder["ca.pem"], Tenant.CaCertificatePem);
        _shell = new ModuleHost();
    }

    public async ValueTask DisposeAsync()
    {
        _shell.Dispose();
        Certificate.Dispose();
        await Tenant.DisposeAsync();
        Folder.Dispose();
    }

    public IReadOnlyList<PSObject> Invoke(string script, params object[] arguments) => _shell.Invoke(script, arguments);

    /// <summary>Runs a script and returns its output and its error records, including a terminating one.</summary>
    public (IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors) TryInvoke(string script, params object[] arguments) =>
        _shell.TryInvoke(script, arguments);

    /// <summary>What tab completion offers at the end of a line.</summary>
    public IReadOnlyList<string> Complete(string line) => _shell.Complete(line);

    public IReadOnlyList<ProgressRecord> Progress(string script) => _shell.Progress(script);

    /// <summary>Runs a script and stops it at its first progress record, as Ctrl+C does.</summary>
    public void Stop(string script) => _shell.Stop(script);

    /// <summary>An app's certificate with its private key.</summary>
    public static X509Certificate2 NewCertificate()
    {
        using var key = RSA.Create(2048);
        return new CertificateRequest("CN=KlarKonform", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
    }

    /// <summary>Creates a configuration with a folder target.</summary>
    public void Configure(string name, string? secret = null, string more = "") =>
        Invoke(
            $$"""
            param($tenant, $client, $secret, $password, $base, $ca, $path)
            New-KKBackupConfiguration -Name '{{name}}' -TenantId $tenant -ClientId $client -ClientSecret $secret `
                -RepositoryPassword $password -Vault DemoVault `
                -Cloud Custom -AuthorityHost $base -GraphEndpoint "$base/v1.0" -CaCertificate $ca -Path $path {{more}}
            """,
            Tenant.Options.TenantId,
            Tenant.Options.ClientId,
            ModuleHost.Secure(secret ?? Tenant.Options.ClientSecret),
            ModuleHost.Secure("password"),
            Tenant.BaseUrl,
            Folder["ca.pem"],
            Folder["repository-" + name]
        );
}
