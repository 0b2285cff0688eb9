using System.Security.Cryptography.X509Certificates;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.Graph.Authentication;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;

namespace KlarKonform.Backup.Graph.Tests;

/// <summary>The client against the demo tenant, through the real Azure.Identity.</summary>
public sealed class GraphClientTests : IAsyncLifetime
{
    private DemoTenantServer _tenant = null!;
    private SocketsHttpHandler _handler = null!;

    public async ValueTask InitializeAsync()
    {
        _tenant = await DemoTenantServer.StartAsync(new DemoTenantOptions { Sizes = new TenantSizes { Users = 3, MailsPerUser = 12, FilesPerUser = 4 } });
        _handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        _handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { X509Certificate2.CreateFromPem(_tenant.CaCertificatePem) },
        };
    }

    public async ValueTask DisposeAsync()
    {
        _handler.Dispose();
        await _tenant.DisposeAsync();
    }

    [Fact]
    public async Task A_revoked_token_is_renewed_once_and_the_work_goes_on()
    {
        using var client = Client();
        await UsersAsync(client);
        _tenant.RevokeTokens();
        Assert.Equal(3, (await UsersAsync(client)).Count);
    }

    [Theory]
    [InlineData("demo-expired-secret", "AADSTS7000222")]
    [InlineData("wrong", "AADSTS7000215")]
    public async Task A_refused_secret_is_named_by_its_code(string secret, string code)
    {
        using var client = Client(secret);
        var failure = await Assert.ThrowsAsync<GraphException>(() => UsersAsync(client));
        Assert.Equal((GraphErrorKind.SignInFailed, code), (failure.Kind, failure.Code));
    }

    [Fact]
    public async Task The_token_is_never_sent_to_another_host()
    {
        using var client = Client();
        var failure = await Assert.ThrowsAsync<GraphException>(() => client.GetJsonAsync(new GraphRequest(GraphScope.Directory, new Uri("https://localhost:1/v1.0/users")), default));
        Assert.Equal("ForeignLink", failure.Code);
    }

    [Fact]
    public async Task A_download_that_breaks_resumes_and_no_token_reaches_its_host()
    {
        using var client = Client();
        var user = _tenant.Model.Users[0];
        var file = _tenant.Change((_, generator) => generator.AddFile(user.Drive!, user.Drive!.Root, "groß.bin", 2_000_000));
        _tenant.BreakDownloads(1);
        await using var stream = await new DriveApi(client).ContentAsync(user.Drive!.Id, file.Id, file.Size, default);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory);
        Assert.Equal(SeededContent.Bytes(file.Seed, (int)file.Size), memory.ToArray());
        Assert.Equal(2, _tenant.Counters["download"]);
        Assert.Empty(_tenant.Counters.Violations);
    }

    [Fact]
    public async Task Four_requests_at_a_time_on_a_mailbox_and_no_more()
    {
        using var client = Client();
        var user = _tenant.Model.Users[0];
        var mail = new MailApi(client, user.Id);
        await Parallel.ForEachAsync(user.Mailbox!.Messages.Keys, new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (id, token) =>
        {
            await using var mime = await mail.MimeAsync(id, token);
            Assert.True(await mime.ReadAsync(new byte[1], token) > 0);
        });
        Assert.Empty(_tenant.Counters.Violations);
    }

    [Fact]
    public async Task A_user_without_a_licence_is_told_from_a_failure()
    {
        using var client = Client();
        var user = _tenant.Model.Users[^1];
        Assert.Equal(GraphErrorKind.NotProvisioned, (await Assert.ThrowsAsync<GraphException>(() => new MailApi(client, user.Id).ProbeAsync(default))).Kind);
        Assert.Equal(GraphErrorKind.NotProvisioned, (await Assert.ThrowsAsync<GraphException>(() => new DriveApi(client).UserDriveAsync(user.Id, default))).Kind);
    }

    private GraphClient Client(string? secret = null)
    {
        var settings = new GraphSettings
        {
            AuthorityHost = new Uri(_tenant.BaseUrl),
            Endpoint = new Uri(_tenant.BaseUrl + "/v1.0"),
            TenantId = _tenant.Options.TenantId,
            ClientId = _tenant.Options.ClientId,
            CustomAuthority = true,
        };
#pragma warning disable CA2000 // The client lives as long as the test, and the token source as long as the client.
        var tokens = new GraphTokenSource(settings, new GraphCredential.ClientSecret(secret ?? _tenant.Options.ClientSecret), _handler, TimeProvider.System);
#pragma warning restore CA2000
        return new GraphClient(settings, tokens, new GraphGovernor(TimeProvider.System), _handler, TimeProvider.System, Random.Shared, GraphLog.None);
    }

    private static async Task<List<GraphUser>> UsersAsync(GraphClient client)
    {
        var users = new List<GraphUser>();
        await foreach (var user in new DirectoryApi(client).UsersAsync(default))
            users.Add(user);
        return users;
    }
}
