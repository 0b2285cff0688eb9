using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Cmdlets.Tests;

/// <summary>
/// Every example in the help, typed exactly as written, by an admin of contoso.example who has a configuration 'Daily' and a vault.
/// </summary>
public sealed class ExampleTests(ExampleTests.Contoso contoso) : IClassFixture<ExampleTests.Contoso>
{
    // In the foreground until stopped.
    private static readonly HashSet<string> s_foreground = ["Start-KKBackupScheduler", "Start-KKWhatsAppReceiver"];

    public static TheoryData<string> Cmdlets => [.. HelpFiles.Commands("en-US").Select(HelpFiles.NameOf)];

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Every_example_works_as_it_is_written(string cmdlet)
    {
        contoso.Reset(withOffsite: cmdlet == "Export-KKBackupRunbook");
        var examples = HelpFiles.ExamplesOf("en-US", cmdlet);
        Assert.True(examples.Count >= 3, $"{cmdlet} has {examples.Count} examples.");
        Assert.Equal(examples, HelpFiles.ExamplesOf("de-DE", cmdlet));
        foreach (var example in examples)
        {
            Assert.Contains(cmdlet, example, StringComparison.Ordinal);
            if (s_foreground.Contains(cmdlet))
            {
                Assert.Empty(contoso.RunForAMoment(example));
                continue;
            }

            // Nothing is running at this time, and the audit log is intact: these commands report exactly that.
            var errors = contoso.Run(example).Where(error => !IsAnswer(cmdlet, error.FullyQualifiedErrorId)).ToArray();
            Assert.True(errors.Length == 0, $"{example}: {string.Join("; ", errors.Select(error => error.ToString()))}");
        }
    }

    private static bool IsAnswer(string cmdlet, string error) =>
        (cmdlet == "Stop-KKBackup" && error.StartsWith("NotRunning", StringComparison.Ordinal))
        || (cmdlet == "Approve-KKBackupAuditLog" && error.StartsWith("AuditLogSound", StringComparison.Ordinal));

    /// <summary>The admin's company: a tenant, and a computer that has been backing it up.</summary>
    public sealed class Contoso : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();
        private DemoTenantServer _tenant = null!;
        private ModuleHost _shell = null!;

        private string Work => _folder["work"];

        public async ValueTask InitializeAsync()
        {
            _tenant = await DemoTenantServer.StartAsync(
                new DemoTenantOptions
                {
                    TenantId = "contoso.example",
                    Sizes = new TenantSizes
                    {
                        Users = 2,
                        MailsPerUser = 6,
                        FilesPerUser = 4,
                        EventsPerUser = 2,
                        ContactsPerUser = 2,
                        Sites = 1,
                        FilesPerLibrary = 2,
                        MaxFileBytes = 20_000,
                    },
                    Permissions = new DemoTenantOptions()
                        .Permissions.Concat(["Mail.ReadWrite", "Calendars.ReadWrite", "Contacts.ReadWrite", "Files.ReadWrite.All"])
                        .ToHashSet(),
                }
            );
            _tenant.Change(
                (model, _) =>
                    model.Users.ForEach(user =>
                        user.UserPrincipalName = user.UserPrincipalName.Replace(
                            "@demo.example",
                            "@contoso.example",
                            StringComparison.Ordinal
                        )
                    )
            );
            await File.WriteAllTextAsync(_folder["ca.pem"], _tenant.CaCertificatePem);
            Directory.CreateDirectory(Path.Combine(Work, "chats"));
            Directory.CreateDirectory(Path.Combine(Work, "spool"));
            _shell = new ModuleHost();
            Prepare();
            await SetUpAsync();
            Copy(Work, _folder["template"]);
        }

        /// <summary>Everything as it was after <see cref="SetUpAsync"/>.</summary>
        /// <param name="withOffsite">Whether there is a configuration with a bucket, which cannot be reached from here.</param>
        public void Reset(bool withOffsite)
        {
            _shell.Invoke("$ExecutionContext.SessionState.Path.SetLocation('/') | Out-Null");
            Directory.Delete(Work, recursive: true);
            Copy(_folder["template"], Work);
            if (!withOffsite)
                File.Delete(Path.Combine(Work, "home", "configurations", "Offsite.json"));
            Prepare();
        }

        public IReadOnlyList<ErrorRecord> Run(string example) => _shell.TryInvoke(example).Errors;

        public IReadOnlyList<ErrorRecord> RunForAMoment(string example) => _shell.RunForAMoment(example);

        public async ValueTask DisposeAsync()
        {
            _shell.Dispose();
            await _tenant.DisposeAsync();
            _folder.Dispose();
        }

        // The vault is in memory; what the examples leave out comes from default values.
        private void Prepare()
        {
            Environment.SetEnvironmentVariable("KLARKONFORM_BACKUP_HOME", Path.Combine(Work, "home"));
            using var certificate = ModuleFixture.NewCertificate();
            _shell.Invoke(
                """
                param($secret, $password, $credential, $base, $ca, $appId, $work, $pfx, $word)
                $ExecutionContext.SessionState.Path.SetLocation($work) | Out-Null
                Register-SecretVault -Name BackupVault
                foreach ($pair in @(@('Graph', $secret), @('Repository', $password), @('Repository-2027', $password), @('S3', $credential),
                        @('Sftp', $credential), @('WebhookCertificate', $pfx), @('Word', $word))) {
                    Set-Secret -Vault BackupVault -Name $pair[0] -Secret $pair[1]
                }
                $global:secret = $secret; $global:password = $password; $global:credential = $credential; $global:appId = $appId
                $global:PSDefaultParameterValues = @{
                    'New-KKBackupConfiguration:Cloud' = 'Custom'; 'New-KKBackupConfiguration:AuthorityHost' = $base;
                    'New-KKBackupConfiguration:GraphEndpoint' = "$base/v1.0"; 'New-KKBackupConfiguration:CaCertificate' = $ca
                    'Set-KKBackupSchedule:Method' = 'Scheduler'
                }
                """,
                ModuleHost.Secure(_tenant.Options.ClientSecret),
                ModuleHost.Secure("repository password"),
                new PSCredential("account", ModuleHost.Secure("password")),
                _tenant.BaseUrl,
                _folder["ca.pem"],
                _tenant.Options.ClientId,
                Work,
                ModuleHost.Secure(Convert.ToBase64String(certificate.Export(X509ContentType.Pfx))),
                ModuleHost.Secure("word")
            );
            if (File.Exists(_folder["ids"]))
                _shell.Invoke("param($hold, $key) $global:holdId = $hold; $global:keyId = $key", [.. File.ReadAllLines(_folder["ids"])]);
        }

        private async Task SetUpAsync()
        {
            _shell.Invoke(
                """
                New-KKBackupConfiguration Daily -TenantId contoso.example -ClientId $appId -ClientSecretName BackupVault/Graph `
                    -RepositoryPasswordName BackupVault/Repository -Path ./Daily -RetentionPreset Extended `
                    -WhatsAppSpool ./spool -WhatsAppAppSecretName BackupVault/Word -WhatsAppVerifyTokenName BackupVault/Word | Out-Null
                New-KKBackupConfiguration Old -TenantId contoso.example -ClientId $appId -ClientSecretName BackupVault/Graph `
                    -RepositoryPasswordName BackupVault/Repository -Path ./Old -Source Contacts | Out-Null
                New-KKBackupConfiguration Offsite -TenantId contoso.example -ClientId $appId -ClientSecretName BackupVault/Graph `
                    -RepositoryPasswordName BackupVault/Repository -Endpoint https://s3.example -Bucket backup `
                        -CredentialName BackupVault/S3 | Out-Null
                Start-KKBackup Daily | Out-Null
                """
            );

            // Something to find among deleted items.
            _tenant.Change(
                (model, _) =>
                {
                    var mailbox = model.Users[0].Mailbox!;
                    mailbox.Delete(mailbox.Messages.Values.First());
                }
            );
            _shell.Invoke(
                "Start-KKBackup Daily, Old | Out-Null; Set-KKBackupSchedule Daily -At 02:00 | Out-Null; "
                    + "Remove-KKBackupConfiguration Offsite -WhatIf"
            );
            var hold = _shell.Invoke("(Set-KKBackupHold Daily -Reason Audit -Author 'Dr. Weber').HoldId")[0];
            var key = _shell.Invoke(
                "Add-KKBackupKey Daily BackupVault/Repository-2027; (Get-KKBackupKey Daily | Where-Object IsCurrent -EQ $false).Id"
            )[^1];
            await File.WriteAllLinesAsync(_folder["ids"], [$"{hold}", $"{key}"]);
        }

        private static void Copy(string from, string to)
        {
            Directory.CreateDirectory(to);
            foreach (var folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
                Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
            foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
                File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }
}
