using System.Management.Automation;
using KlarKonform.Backup.Demo;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.TestSupport;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace KlarKonform.Backup.Integration;

/// <summary>The main job through real servers, with the stock restic as judge.</summary>
public sealed partial class ServerBackupTests : IAsyncLifetime
{
    private const string Password = "repository password";
    private readonly TemporaryFolder _folder = new();
    private readonly string _unique = Guid.NewGuid().ToString("N");
    private DemoTenantServer _tenant = null!;
    private ModuleHost _shell = null!;

    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable("KLARKONFORM_BACKUP_HOME", _folder["home"]);
        _tenant = await DemoTenantServer.StartAsync(
            new DemoTenantOptions
            {
                Sizes = new TenantSizes
                {
                    Users = 3,
                    MailsPerUser = 20,
                    FilesPerUser = 15,
                    MaxFileBytes = 2_000_000,
                },
            }
        );
        await File.WriteAllTextAsync(_folder["ca.pem"], _tenant.CaCertificatePem);
        _shell = new ModuleHost();
    }

    public async ValueTask DisposeAsync()
    {
        _shell.Dispose();
        await _tenant.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void Through_SFTP_with_a_password()
    {
        RequireServer("KK_TEST_SFTP_PORT");
        Configure(
            "-SftpHost 127.0.0.1 -Port $more[0] -SftpPath $more[1] -HostKey $more[2] -Credential $more[3]",
            int.Parse(TestServers.Value("SFTP_PORT"), System.Globalization.CultureInfo.InvariantCulture),
            SftpPath(),
            TestServers.Value("SFTP_HOSTKEY"),
            new PSCredential(TestServers.Value("SFTP_USER"), ModuleHost.Secure(TestServers.Value("SFTP_PASSWORD")))
        );
        RunTheWholeWay(SftpRestic());
    }

    [Fact]
    public void Through_SFTP_with_a_private_key_and_its_passphrase()
    {
        RequireServer("KK_TEST_SFTP_PORT");
        _shell.Invoke(
            "Set-Secret -Vault DemoVault -Name Passphrase -Secret $args[0]",
            ModuleHost.Secure(TestServers.Value("SFTP_KEY_PASSPHRASE"))
        );
        Configure(
            "-SftpHost 127.0.0.1 -Port $more[0] -SftpPath $more[1] -HostKey $more[2] -UserName $more[3] -PrivateKey $more[4] "
                + "-PrivateKeyPassphraseName DemoVault/Passphrase",
            int.Parse(TestServers.Value("SFTP_PORT"), System.Globalization.CultureInfo.InvariantCulture),
            SftpPath(),
            TestServers.Value("SFTP_HOSTKEY"),
            TestServers.Value("SFTP_USER"),
            ModuleHost.Secure(File.ReadAllText(TestServers.Value("SFTP_KEY")))
        );
        RunTheWholeWay(SftpRestic());
    }

    [Fact]
    public void Through_S3_over_TLS_with_an_own_authority()
    {
        RequireServer("KK_TEST_S3_ENDPOINT");
        ConfigureS3(TestServers.Value("S3_CA"), TestServers.Value("S3_SECRET_KEY"));
        RunTheWholeWay(S3Restic());
    }

    [Fact]
    public void The_runbook_runs_with_an_empty_home_continues_the_same_backup_and_leaves_no_file()
    {
        RequireServer("KK_TEST_SFTP_PORT");
        Configure(
            "-SftpHost 127.0.0.1 -Port $more[0] -SftpPath $more[1] -HostKey $more[2] -Credential $more[3]",
            int.Parse(TestServers.Value("SFTP_PORT"), System.Globalization.CultureInfo.InvariantCulture),
            SftpPath(),
            TestServers.Value("SFTP_HOSTKEY"),
            new PSCredential(TestServers.Value("SFTP_USER"), ModuleHost.Secure(TestServers.Value("SFTP_PASSWORD")))
        );
        _shell.Invoke("Export-KKBackupRunbook Server $args[0]", _folder["runbook.ps1"]);
        Assert.Contains(
            "FileExists",
            Assert.Single(_shell.TryInvoke("Export-KKBackupRunbook Server $args[0]", _folder["runbook.ps1"]).Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(Password, File.ReadAllText(_folder["runbook.ps1"]), StringComparison.Ordinal);
        Assert.Equal("Succeeded", $"{_shell.Invoke("(Start-KKBackup Server).Status")[0]}");
        // A separate folder for temporary files: other test processes use the machine's folder at the same time.
        var temporary = OperatingSystem.IsWindows() ? "TMP" : "TMPDIR";
        var before = Environment.GetEnvironmentVariable(temporary);
        Environment.SetEnvironmentVariable(temporary, Directory.CreateDirectory(_folder["temporary"]).FullName);
        PSObject run;
        try
        {
            run = _shell.Invoke("& $args[0] -ShardCount 3 -ShardIndex 1", _folder["runbook.ps1"])[^1];
        }
        finally
        {
            Environment.SetEnvironmentVariable(temporary, before);
            Environment.SetEnvironmentVariable("KLARKONFORM_BACKUP_HOME", _folder["home"]);
        }

        Assert.Equal("Succeeded", $"{run.Properties["Status"].Value}");
        Assert.Equal(0L, run.Properties["ItemsDownloaded"].Value); // It continued from the state in the repository.
        Assert.Empty(Directory.GetFileSystemEntries(_folder["temporary"]));
        Assert.Equal(2, _shell.Invoke("Get-KKBackupSnapshot Server").Count);
    }

    [Fact]
    public void A_wrong_host_key_is_refused_and_nothing_is_written()
    {
        RequireServer("KK_TEST_SFTP_PORT");
        Configure(
            "-SftpHost 127.0.0.1 -Port $more[0] -SftpPath $more[1] -HostKey $more[2] -Credential $more[3]",
            int.Parse(TestServers.Value("SFTP_PORT"), System.Globalization.CultureInfo.InvariantCulture),
            SftpPath(),
            "SHA256:" + new string('B', 43),
            new PSCredential(TestServers.Value("SFTP_USER"), ModuleHost.Secure(TestServers.Value("SFTP_PASSWORD")))
        );
        AssertRefused("HostKeyMismatch", TestServers.Value("SFTP_HOSTKEY"));
        Assert.False(Directory.Exists(SftpPath()));
    }

    [Fact]
    public void A_host_key_is_trusted_on_first_use_only_when_that_is_asked_for_and_the_admin_sees_it()
    {
        RequireServer("KK_TEST_SFTP_PORT");
        object[] target =
        [
            int.Parse(TestServers.Value("SFTP_PORT"), System.Globalization.CultureInfo.InvariantCulture),
            SftpPath(),
            new PSCredential(TestServers.Value("SFTP_USER"), ModuleHost.Secure(TestServers.Value("SFTP_PASSWORD"))),
        ];
        var refused = Assert.Throws<InvalidOperationException>(() =>
            Configure("-SftpHost 127.0.0.1 -Port $more[0] -SftpPath $more[1] -Credential $more[2]", target)
        );
        Assert.Contains("hostKey", refused.Message, StringComparison.Ordinal);
        Configure(
            "-SftpHost 127.0.0.1 -Port $more[0] -SftpPath $more[1] -Credential $more[2] -TrustHostKey -WarningVariable global:shown",
            target
        );
        Assert.Contains(TestServers.Value("SFTP_HOSTKEY"), $"{_shell.Invoke("$global:shown")[0]}", StringComparison.Ordinal);
        Assert.Equal(TestServers.Value("SFTP_HOSTKEY"), $"{_shell.Invoke("(Get-KKBackupConfiguration Server).Target.HostKey")[0]}");
        Assert.Equal("Succeeded", $"{_shell.Invoke("(Start-KKBackup Server).Status")[0]}");
    }

    [Fact]
    public void Through_a_proxy_and_with_the_keys_of_the_AWS_default_chain()
    {
        RequireServer("KK_TEST_S3_ENDPOINT");
        using var proxy = new ConnectProxy();
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", TestServers.Value("S3_ACCESS_KEY"));
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", TestServers.Value("S3_SECRET_KEY"));
        try
        {
            Configure(
                "-Endpoint $more[0] -Bucket $more[1] -Prefix $more[2] -TargetCaCertificate $more[3] -Proxy $more[4] -UseDefaultCredentials",
                TestServers.Value("S3_ENDPOINT"),
                TestServers.Value("S3_BUCKET"),
                _unique,
                TestServers.Value("S3_CA"),
                proxy.Address
            );
            Assert.Equal("Succeeded", $"{_shell.Invoke("(Start-KKBackup Server).Status")[0]}");
            Assert.True(proxy.Tunnels > 0);
        }
        finally
        {
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", null);
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", null);
        }
    }

    [Fact]
    public async Task A_faulty_S3_costs_time_and_nothing_else()
    {
        RequireServer("KK_TEST_S3_ENDPOINT");
        await using var front = await FaultyS3.StartAsync();
        var requests = 0;
        S3Fault[] faults = [S3Fault.InternalError, S3Fault.Reset, S3Fault.TruncatedAnswer, S3Fault.DamagedUpload, S3Fault.SlowDown];
        front.Choose = _ =>
            Interlocked.Increment(ref requests) is var count && count % 7 == 0 ? faults[count / 7 % faults.Length] : S3Fault.None;
        Configure(
            "-Endpoint $more[0] -Bucket $more[1] -Prefix $more[2] -Credential $more[3] -UploadLimit 200MB",
            front.Endpoint,
            TestServers.Value("S3_BUCKET"),
            _unique,
            new PSCredential(TestServers.Value("S3_ACCESS_KEY"), ModuleHost.Secure(TestServers.Value("S3_SECRET_KEY")))
        );
        RunTheWholeWay(S3Restic());
        front.Choose = _ => S3Fault.None;
        _shell.Invoke("Set-KKBackupConfiguration Server -ServerSideEncryption AES256");
        AssertRefused("TargetInvalid", "encryption");
        Assert.True(requests > 50, $"{requests}");
    }

    [Fact]
    public void An_untrusted_S3_certificate_is_refused_with_the_way_out()
    {
        RequireServer("KK_TEST_S3_ENDPOINT");
        ConfigureS3(null, TestServers.Value("S3_SECRET_KEY"));
        AssertRefused("TargetUntrusted", "caCertificate");
    }

    [Fact]
    public void A_wrong_S3_key_is_refused_without_being_shown()
    {
        RequireServer("KK_TEST_S3_ENDPOINT");
        ConfigureS3(TestServers.Value("S3_CA"), "wrong-secret-key");
        var error = AssertRefused(null, "");
        Assert.True(
            error.FullyQualifiedErrorId.StartsWith("TargetSignInFailed", StringComparison.Ordinal)
                || error.FullyQualifiedErrorId.StartsWith("TargetAccessDenied", StringComparison.Ordinal),
            error.FullyQualifiedErrorId
        );
        Assert.DoesNotContain("wrong-secret-key", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unreachable_server_is_said_to_be_unreachable()
    {
        Configure(
            "-SftpHost 127.0.0.1 -Port 1 -SftpPath /x -HostKey $more[0] -Credential $more[1]",
            "SHA256:" + new string('B', 43),
            new PSCredential("nobody", ModuleHost.Secure("nothing"))
        );
        AssertRefused("TargetUnreachable", "127.0.0.1");
    }

    private void RunTheWholeWay(StockRestic restic)
    {
        Assert.All(
            _shell.Invoke("Test-KKBackupConnection Server"),
            check =>
                Assert.True(
                    "Passed" == $"{check.Properties["Result"].Value}",
                    $"{check.Properties["Check"].Value}: {check.Properties["Hint"].Value}"
                )
        );
        Assert.Equal("Succeeded", $"{_shell.Invoke("(Start-KKBackup Server).Status")[0]}");
        var changes = _tenant.Change((_, generator) => generator.Change(25));
        _tenant.Counters.Reset();
        var second = _shell.Invoke("Start-KKBackup Server")[0];
        Assert.Equal(("Succeeded", "True"), ($"{second.Properties["Status"].Value}", $"{second.Properties["Verified"].Value}"));
        Assert.Equal((changes.NewMessages, changes.NewContents), (_tenant.Counters["mime"], _tenant.Counters["download"]));
        _tenant.Counters.Reset();
        Assert.Equal("Succeeded", $"{_shell.Invoke("(Start-KKBackup Server).Status")[0]}");
        Assert.Equal(0, _tenant.Counters["mime"] + _tenant.Counters["content"]);
        Assert.Equal("True", $"{_shell.Invoke("(Test-KKBackup Server -ReadData).Passed")[0]}");

        Assert.Contains("no errors were found", restic.Run("check", "--read-data"), StringComparison.Ordinal);
        restic.Run("restore", "latest", "--target", _folder["restored"]);
        AssertEqualsTenant(_folder["restored"]);
    }

    private void AssertEqualsTenant(string restored) =>
        _tenant.Change(
            (model, _) =>
            {
                foreach (var user in model.Users.Where(user => user.Mailbox is not null))
                {
                    var expected = user.Mailbox!.Messages.Values.Select(message => Hash(MimeWriter.Write(message))).Order();
                    var mail = Path.Combine(restored, "Exchange", user.UserPrincipalName, "Mail");
                    Assert.Equal(
                        expected,
                        Directory
                            .EnumerateFiles(mail, "*.eml", SearchOption.AllDirectories)
                            .Select(file => Hash(File.ReadAllBytes(file)))
                            .Order()
                    );
                    foreach (var item in user.Drive!.Items.Values.Where(item => !item.IsFolder))
                    {
                        var file = Path.Combine(restored, "OneDrive", user.UserPrincipalName, user.Drive.PathOf(item));
                        Assert.Equal(Hash(SeededContent.Bytes(item.Seed, (int)item.Size)), Hash(File.ReadAllBytes(file)));
                    }
                }
            }
        );

    private ErrorRecord AssertRefused(string? id, string words)
    {
        var error = Assert.Single(_shell.TryInvoke("Start-KKBackup Server").Errors);
        if (id is not null)
            Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(words, error.ToString(), StringComparison.Ordinal);
        return error;
    }

    private void Configure(string target, params object[] more) =>
        _shell.Invoke(
            $$"""
            param($tenant, $client, $secret, $password, $base, $ca, $more)
            New-KKBackupConfiguration -Name Server -TenantId $tenant -ClientId $client -ClientSecret $secret `
                -RepositoryPassword $password -Vault DemoVault `
                -Cloud Custom -AuthorityHost $base -GraphEndpoint "$base/v1.0" -CaCertificate $ca {{target}}
            """,
            _tenant.Options.TenantId,
            _tenant.Options.ClientId,
            ModuleHost.Secure(_tenant.Options.ClientSecret),
            ModuleHost.Secure(Password),
            _tenant.BaseUrl,
            _folder["ca.pem"],
            more
        );

    private void ConfigureS3(string? authority, string secretKey) =>
        Configure(
            "-Endpoint $more[0] -Bucket $more[1] -Prefix $more[2] -Credential $more[3]"
                + (authority is null ? "" : " -TargetCaCertificate $more[4]"),
            TestServers.Value("S3_ENDPOINT"),
            TestServers.Value("S3_BUCKET"),
            _unique,
            new PSCredential(TestServers.Value("S3_ACCESS_KEY"), ModuleHost.Secure(secretKey)),
            authority ?? ""
        );

    // The repository as a folder: restic's own SFTP client would need the host key in the user's known_hosts.
    private StockRestic SftpRestic() => new(SftpPath(), Password);

    private StockRestic S3Restic() =>
        new(
            $"s3:{TestServers.Value("S3_ENDPOINT")}/{TestServers.Value("S3_BUCKET")}/{_unique}",
            Password,
            new Dictionary<string, string>
            {
                ["AWS_ACCESS_KEY_ID"] = TestServers.Value("S3_ACCESS_KEY"),
                ["AWS_SECRET_ACCESS_KEY"] = TestServers.Value("S3_SECRET_KEY"),
            },
            "--cacert",
            TestServers.Value("S3_CA")
        );

    private string SftpPath() => $"{TestServers.Value("SFTP_PATH")}/{_unique}";

    private static void RequireServer(string variable)
    {
        if (TestServers.Missing(variable) is { } reason)
            Assert.Skip(reason);
    }

    private static string Hash(byte[] content) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content));
}
