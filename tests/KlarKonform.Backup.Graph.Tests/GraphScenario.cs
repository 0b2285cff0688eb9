using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.Graph.Authentication;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Http;

namespace KlarKonform.Backup.Graph.Tests;

/// <summary>The demo tenant and clients of it, through the real Azure.Identity.</summary>
internal sealed class GraphScenario : IAsyncDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly SocketsHttpHandler _handler = new() { AllowAutoRedirect = false };

    private GraphScenario(DemoTenantServer tenant)
    {
        Tenant = tenant;
        _handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { X509Certificate2.CreateFromPem(tenant.CaCertificatePem) },
        };
    }

    public DemoTenantServer Tenant { get; }

    public List<string> Events { get; } = [];

    public List<string> Requests { get; } = [];

    public static async Task<GraphScenario> StartAsync(DemoTenantOptions? options = null, LineLimits? limits = null) =>
        new(
            await DemoTenantServer.StartAsync(
                (options ?? new DemoTenantOptions()) with
                {
                    Sizes = new TenantSizes
                    {
                        Users = 3,
                        MailsPerUser = 12,
                        FilesPerUser = 4,
                    },
                }
            )
        )
        {
            Limits = limits,
        };

    public GraphSettings Settings =>
        new()
        {
            AuthorityHost = new Uri(Tenant.BaseUrl),
            Endpoint = new Uri(Tenant.BaseUrl + "/v1.0"),
            TenantId = Tenant.Options.TenantId,
            ClientId = Tenant.Options.ClientId,
            CustomAuthority = true,
        };

    /// <summary>How long to wait on a silent line; null for as long as it takes.</summary>
    public LineLimits? Limits { get; init; }

    public GraphClient Client(GraphCredential? credential = null, GraphSettings? settings = null, TimeProvider? time = null)
    {
        var tokens = Tokens(credential, settings);
        var governor = new GraphGovernor(TimeProvider.System);
        _owned.Add(governor);
        var client = new GraphClient(
            settings ?? Settings,
            tokens,
            governor,
            Handler,
            time ?? TimeProvider.System,
            Random.Shared,
            new GraphLog(Write(Events), Write(Requests))
        );
        _owned.Add(client);
        return client;
    }

    public GraphTokenSource Tokens(GraphCredential? credential = null, GraphSettings? settings = null)
    {
        var tokens = new GraphTokenSource(
            settings ?? Settings,
            credential ?? new GraphCredential.ClientSecret(Tenant.Options.ClientSecret),
            Handler,
            TimeProvider.System
        );
        _owned.Add(tokens);
        return tokens;
    }

    private HttpMessageHandler Handler => Limits is null ? _handler : new LineLimitHandler(_handler, Limits, TimeProvider.System);

    public static async Task<List<GraphUser>> UsersAsync(GraphClient client)
    {
        var users = new List<GraphUser>();
        await foreach (var user in new DirectoryApi(client).UsersAsync(default))
            users.Add(user);
        return users;
    }

    /// <summary>A certificate with its private key.</summary>
    public static X509Certificate2 NewCertificate()
    {
        using var key = RSA.Create(2048);
        return new CertificateRequest("CN=KlarKonform", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var each in _owned)
            each.Dispose();
        _handler.Dispose();
        await Tenant.DisposeAsync();
    }

    private static Action<string> Write(List<string> lines) =>
        line =>
        {
            lock (lines)
                lines.Add(line);
        };
}
