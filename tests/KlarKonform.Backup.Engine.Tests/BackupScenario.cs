using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>A tenant, a folder repository and an engine; and the comparison of a restored snapshot with the tenant.</summary>
internal sealed class BackupScenario : IAsyncDisposable, ISecretStore, IBackupObserver
{
    public const string Password = "Kennwort des Repositorys";

    private BackupScenario(DemoTenantServer tenant)
    {
        Tenant = tenant;
        Engine = NewEngine();
    }

    public DemoTenantServer Tenant { get; }

    public TemporaryFolder Folder { get; } = new();

    public BackupEngine Engine { get; }

    public Dictionary<string, string> Secrets { get; } = new() { ["graph"] = "demo-secret-value", ["repository"] = Password };

    /// <summary>Called on every progress report; tests stop runs with it.</summary>
    public Action<BackupProgress>? OnProgress { get; set; }

    public StockRestic Restic => new(Folder["repository"], Password);

    public static async Task<BackupScenario> StartAsync(TenantSizes? sizes = null)
    {
        var scenario = new BackupScenario(await DemoTenantServer.StartAsync(new DemoTenantOptions { Sizes = sizes ?? new TenantSizes { Users = 3, MailsPerUser = 15, FilesPerUser = 12, MaxFileBytes = 200_000 } }));
        await File.WriteAllTextAsync(scenario.Folder["ca.pem"], scenario.Tenant.CaCertificatePem);
        await scenario.Engine.CreateConfigurationAsync(scenario.Configuration(), default);
        return scenario;
    }

    /// <summary>An engine of another machine: same repository, no journal.</summary>
    public BackupEngine NewEngine(string home = "home") => new(Folder[home]);

    public BackupConfiguration Configuration(string name = "Test") => new()
    {
        Id = Guid.Parse("aaaaaaaa-0000-0000-0000-000000000001"),
        Name = name,
        Tenant = new TenantSettings
        {
            Id = Tenant.Options.TenantId,
            ClientId = Tenant.Options.ClientId,
            Cloud = BackupCloud.Custom,
            AuthorityHost = new Uri(Tenant.BaseUrl),
            GraphEndpoint = new Uri(Tenant.BaseUrl + "/v1.0"),
            CaCertificate = Folder["ca.pem"],
            Auth = new AuthenticationSettings { Secret = "vault/graph" },
        },
        Sources = new SourceSettings { Mail = new MailSelection(), OneDrive = new SourceSelection() },
        Target = new TargetSettings { Type = TargetType.Folder, Path = Folder["repository"] },
        Repository = new RepositorySettings { Password = "vault/repository" },
    };

    public Task<BackupRun> RunAsync(BackupOptions? options = null, BackupEngine? engine = null, CancellationToken cancellationToken = default) =>
        (engine ?? Engine).StartBackupAsync("Test", options ?? new BackupOptions(), this, this, cancellationToken);

    /// <summary>Restores the newest snapshot and compares every mail and file with the tenant.</summary>
    public async Task AssertSnapshotEqualsTenantAsync()
    {
        using var target = new TemporaryFolder();
        await foreach (var item in Engine.RestoreAsync("Test", new RestoreRequest { Path = "/", Destination = target.Path }, this, this, default))
            Assert.Equal("Restored", item.Status);
        Tenant.Change((model, _) =>
        {
            foreach (var user in model.Users.Where(user => user.Mailbox is not null))
            {
                var mailbox = user.Mailbox!;
                var expected = mailbox.Messages.Values.Where(message => !message.IsCorrupt)
                    .Select(message => (FolderPath(mailbox, message.FolderId), Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(MimeWriter.Write(message))))).Order();
                var root = target["Exchange", user.UserPrincipalName, "Mail"];
                var found = Directory.EnumerateFiles(root, "*.eml", SearchOption.AllDirectories)
                    .Select(file => (Path.GetRelativePath(root, Path.GetDirectoryName(Path.GetDirectoryName(file))!), Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))))).Order();
                Assert.Equal(expected, found);
            }

            foreach (var user in model.Users.Where(user => user.Drive is not null))
            {
                var drive = user.Drive!;
                var expected = drive.Items.Values.Where(item => item.ParentId is not null).Select(item => (drive.PathOf(item), item.IsFolder || item.IsMalware ? "" : DriveHash(item))).Order();
                var root = target["OneDrive", user.UserPrincipalName];
                var found = Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)
                    .Select(entry => (Path.GetRelativePath(root, entry), Directory.Exists(entry) ? "" : Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(entry))))).Order();
                Assert.Equal(expected, found);
            }
        });
    }

    Task<SecretValue> ISecretStore.GetAsync(SecretReference reference, CancellationToken cancellationToken) => Secrets.TryGetValue(reference.Name, out var secret)
        ? Task.FromResult(new SecretValue(null, secret))
        : throw new BackupException("SecretNotFound", BackupErrorCategory.ObjectNotFound, reference.ToString(), reference.Vault, reference.Name);

    void IBackupObserver.Progress(BackupProgress progress) => OnProgress?.Invoke(progress);

    bool IBackupObserver.WantsDebug => false;

    void IBackupObserver.Debug(string text)
    {
    }

    void IBackupObserver.Verbose(string text)
    {
    }

    void IBackupObserver.Warning(string text)
    {
    }

    public async ValueTask DisposeAsync()
    {
        await Tenant.DisposeAsync();
        Folder.Dispose();
    }

    private static string FolderPath(DemoTenant.Model.DemoMailbox mailbox, string folder)
    {
        var each = mailbox.Folders[folder];
        if (each.WellKnownName == "msgfolderroot")
            return ".";
        var parent = FolderPath(mailbox, each.ParentId!);
        var name = each.Name.Replace('/', '_');
        return parent == "." ? name : $"{parent}/{name}";
    }

    private static string DriveHash(DemoTenant.Model.DemoDriveItem item) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(SeededContent.Bytes(item.Seed, (int)item.Size)));
}
