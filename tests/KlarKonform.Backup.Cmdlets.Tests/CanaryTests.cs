using System.Management.Automation;
using System.Text;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>
/// A canary in every secret: whatever the commands do and print, with every stream on, no canary is found anywhere except in the vault.
/// </summary>
public sealed class CanaryTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    private const string ClientSecret = "Kanarienvogel-Clientschluessel-4711";
    private const string Password = "Kanarienvogel-Kennwort-0815";
    private const string AccessKey = "KANARIENVOGELZUGRIFF";
    private const string SecretKey = "Kanarienvogel-Geheimschluessel-1234";
    private const string SftpPassword = "Kanarienvogel-Sftp-5678";
    private const string Passphrase = "Kanarienvogel-Passphrase-9999";

    private const string AppSecret = "Kanarienvogel-Appschluessel-2222";
    private const string VerifyToken = "Kanarienvogel-Pruefwort-3333";
    private const string AccessToken = "Kanarienvogel-Zugriffstoken-4444";

    private static readonly string[] s_canaries =
    [
        ClientSecret,
        Password,
        AccessKey,
        SecretKey,
        SftpPassword,
        Passphrase,
        AppSecret,
        VerifyToken,
        AccessToken,
    ];

    [Fact]
    public async Task No_secret_is_found_in_files_streams_errors_or_arguments_at_debug_level()
    {
        await using var tenant = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                ClientSecret = ClientSecret,
                Sizes = new TenantSizes
                {
                    Users = 1,
                    MailsPerUser = 4,
                    FilesPerUser = 3,
                    MaxFileBytes = 20_000,
                },
            }
        );
        await File.WriteAllTextAsync(module.Folder["canary.pem"], tenant.CaCertificatePem);
        var said = new StringBuilder();
        void Run(string script, params object[] arguments)
        {
            // Every stream into the output, and the errors with everything attached to them.
            var (output, errors) = module.TryInvoke(
                $"$VerbosePreference = 'Continue'; $DebugPreference = 'Continue'; & {{ {script} }} @args *>&1",
                arguments
            );
            foreach (var item in output)
                Say(item?.BaseObject, item?.Properties.Select(property => Value(property)));
            foreach (var error in errors)
                Say(
                    error,
                    [
                        error.Exception.ToString(),
                        error.ErrorDetails?.Message,
                        error.ScriptStackTrace,
                        $"{error.TargetObject}",
                        error.FullyQualifiedErrorId,
                    ]
                );
        }

        void Say(object? item, IEnumerable<string?>? more)
        {
            said.AppendLine(item is ErrorRecord error ? error.Exception + " " + error.InvocationInfo?.Line : item?.ToString());
            foreach (var text in more ?? [])
                said.AppendLine(text);
        }

        object[] common = [tenant.Options.TenantId, tenant.Options.ClientId, tenant.BaseUrl, module.Folder["canary.pem"]];
        const string signIn =
            "-TenantId $tenant -ClientId $client -Vault DemoVault -Cloud Custom -AuthorityHost $base -GraphEndpoint "
            + "\"$base/v1.0\" -CaCertificate $ca";
        Run(
            $"param($tenant, $client, $base, $ca, $secret, $password, $path) New-KKBackupConfiguration Canary {signIn} "
                + $"-ClientSecret $secret -RepositoryPassword $password -Path $path",
            [.. common, ModuleHost.Secure(ClientSecret), ModuleHost.Secure(Password), module.Folder["repository-canary"]]
        );
        Run("Test-KKBackupConnection Canary");
        Run(
            "Start-KKBackup Canary; Get-KKBackupStatus Canary; Get-KKBackupStatus Canary -FromRepository; "
                + "Get-KKBackupSnapshot Canary; Get-KKBackupKey Canary; Get-KKBackupConfiguration Canary"
        );
        Run(
            "Set-KKBackupHold Canary -Reason Probe; Get-KKBackupAuditLog Canary; Test-KKBackup Canary -ReadData; "
                + "Find-KKBackupItem Canary *.eml; Invoke-KKBackupRetention Canary -KeepLast 1 -WhatIf"
        );
        Run("param($path) Restore-KKBackupItem Canary / $path -ReportPath \"$path.csv\"", module.Folder["canary-restored"]);

        // Chats: a valid token, then one that Meta refuses; a receiver that cannot start.
        Directory.CreateDirectory(module.Folder["canary-spool"]);
        await File.WriteAllTextAsync(
            Path.Combine(module.Folder["canary-spool"], "1.json"),
            tenant.Chats.Picture("49171", "wamid.canary", DateTimeOffset.UtcNow),
            TestContext.Current.CancellationToken
        );
        Run(
            "param($spool, $app, $word, $token, $endpoint) Set-KKBackupConfiguration Canary -WhatsAppSpool $spool "
                + "-WhatsAppAppSecret $app -WhatsAppVerifyToken $word -WhatsAppAccessToken $token -WhatsAppEndpoint $endpoint;"
                + " Test-KKBackupConnection Canary; Start-KKBackup Canary -Source WhatsApp; Start-KKWhatsAppReceiver "
                + "Canary -Address 192.0.2.1",
            module.Folder["canary-spool"],
            ModuleHost.Secure(AppSecret),
            ModuleHost.Secure(VerifyToken),
            ModuleHost.Secure(AccessToken),
            new Uri(tenant.MetaEndpoint)
        );
        Assert.Contains("AccessDenied", said.ToString(), StringComparison.Ordinal);
        Run("(Start-KKBackup Canary -AsJob) | Wait-Job | Receive-Job");

        // Failures print the most: wrong secrets, missing services, and values of the wrong kind.
        Run(
            $"param($tenant, $client, $base, $ca, $secret, $password, $credential) New-KKBackupConfiguration CanaryS3 "
                + $"{signIn} -ClientSecret $secret -RepositoryPassword $password -Bucket nirgends -Endpoint "
                + $"https://127.0.0.1:9 -Credential $credential; Start-KKBackup CanaryS3; Test-KKBackupConnection CanaryS3",
            [
                .. common,
                ModuleHost.Secure(ClientSecret),
                ModuleHost.Secure(Password),
                new PSCredential(AccessKey, ModuleHost.Secure(SecretKey)),
            ]
        );
        Run(
            $"param($tenant, $client, $base, $ca, $secret, $password, $credential) New-KKBackupConfiguration CanarySftp "
                + $"{signIn} -ClientSecret $secret -RepositoryPassword $password -SftpHost 127.0.0.1 -Port 9 -SftpPath /x "
                + $"-HostKey SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA -Credential $credential; Start-KKBackup "
                + $"CanarySftp; Test-KKBackupConnection CanarySftp",
            [
                .. common,
                ModuleHost.Secure(ClientSecret),
                ModuleHost.Secure(Password),
                new PSCredential("sicherung", ModuleHost.Secure(SftpPassword)),
            ]
        );
        Run(
            "param($secret) Set-KKBackupConfiguration Canary -Vault DemoVault -CertificateFile /nirgends.pfx -CertificatePassword $secret",
            ModuleHost.Secure(Passphrase)
        );
        Run(
            "param($wrong) Set-KKBackupConfiguration Canary -Vault DemoVault -RepositoryPassword $wrong; Start-KKBackup "
                + "Canary; Get-KKBackupKey Canary",
            ModuleHost.Secure(Password + "-falsch")
        );
        Run(
            "param($wrong) Set-KKBackupConfiguration Canary -Vault DemoVault -ClientSecret $wrong; Start-KKBackup Canary",
            ModuleHost.Secure(ClientSecret + "-falsch")
        );

        AssertClean("what was said", Encoding.UTF8.GetBytes(said.ToString()));
        Assert.Contains("Graph", said.ToString(), StringComparison.Ordinal); // The streams were on.
        AssertClean("the command line", await File.ReadAllBytesAsync("/proc/self/cmdline"));
        AssertClean("the environment", await File.ReadAllBytesAsync("/proc/self/environ"));
        foreach (var file in Directory.EnumerateFiles(module.Folder.Path, "*", SearchOption.AllDirectories))
            AssertClean(file, await File.ReadAllBytesAsync(file));
    }

    private static string? Value(PSPropertyInfo property)
    {
        try
        {
            return property.Value is System.Collections.IEnumerable many and not string
                ? string.Join(' ', many.Cast<object?>())
                : $"{property.Value}";
        }
        catch (GetValueException)
        {
            return null;
        }
    }

    // As text, in UTF-16, and in base64 at any offset.
    private static void AssertClean(string place, byte[] content)
    {
        foreach (var canary in s_canaries)
        {
            foreach (var form in (byte[][])[Encoding.UTF8.GetBytes(canary), Encoding.Unicode.GetBytes(canary), .. Base64Forms(canary)])
                Assert.True(content.AsSpan().IndexOf(form) < 0, $"'{canary}' is in {place}");
        }
    }

    private static IEnumerable<byte[]> Base64Forms(string text)
    {
        for (var shift = 0; shift < 3; shift++)
        {
            var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('x', shift) + text));
            yield return Encoding.ASCII.GetBytes(encoded[(shift == 0 ? 0 : 4)..^4]);
        }
    }
}
