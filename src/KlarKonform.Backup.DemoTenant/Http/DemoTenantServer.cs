using System.Net;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Calendars;
using KlarKonform.Backup.DemoTenant.Http.Chats;
using KlarKonform.Backup.DemoTenant.Http.Contacts;
using KlarKonform.Backup.DemoTenant.Http.Directory;
using KlarKonform.Backup.DemoTenant.Http.Drives;
using KlarKonform.Backup.DemoTenant.Http.Limits;
using KlarKonform.Backup.DemoTenant.Http.Mail;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Http.Sites;
using KlarKonform.Backup.DemoTenant.Model;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace KlarKonform.Backup.DemoTenant.Http;

/// <summary>
/// A Microsoft Graph stand-in over HTTPS: Entra's token endpoint, users, mail and drives as Microsoft's documentation describes them, with
/// the documented limits enforced. It listens only on loopback.
/// </summary>
public sealed class DemoTenantServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DemoCertificates _certificates;
    private readonly DeltaPages _pages;
    private readonly TokenPages _tokenPages;
    private readonly Downloads _downloads;
    private readonly AccessTokens _tokens;
    private readonly PreciseDelay _delay;
    private MailboxLimits _mailboxes = null!;
    private UploadSessions _uploads = null!;
    private GraphRoutes _routes = null!;
    private MediaEndpoints _media = null!;
    private ChangedAnswers _changes = null!;
    private ChatGenerator? _chats;

    private DemoTenantServer(
        WebApplication app,
        DemoCertificates certificates,
        DemoTenantOptions options,
        DemoTenantModel model,
        TenantGenerator generator,
        RequestCounters counters,
        AccessTokens tokens,
        DeltaPages pages,
        TokenPages tokenPages,
        Downloads downloads,
        PreciseDelay delay,
        string baseUrl
    )
    {
        _app = app;
        _certificates = certificates;
        _pages = pages;
        _tokenPages = tokenPages;
        _downloads = downloads;
        _tokens = tokens;
        _delay = delay;
        Options = options;
        Model = model;
        Generator = generator;
        Counters = counters;
        BaseUrl = baseUrl;
    }

    public DemoTenantOptions Options { get; }

    public DemoTenantModel Model { get; }

    public TenantGenerator Generator { get; }

    public RequestCounters Counters { get; }

    /// <summary>The company's WhatsApp.</summary>
    public ChatGenerator Chats => _chats ??= new ChatGenerator(Model, Options.Sizes.Seed);

    /// <summary>The endpoint of the stand-in for Meta's Graph.</summary>
    public string MetaEndpoint => BaseUrl + "/meta/v23.0";

    /// <summary>The line over which contents are sent.</summary>
    public ContentMeter Contents { get; private init; } = new();

    /// <summary>Scheme, host and port: authority host and, with <c>/v1.0</c>, Graph endpoint.</summary>
    public string BaseUrl { get; }

    public string CaCertificatePem => _certificates.AuthorityPem;

    public static async Task<DemoTenantServer> StartAsync(DemoTenantOptions options)
    {
        var model = new DemoTenantModel(options.TenantId);
        var generator = new TenantGenerator(model, options.Sizes);
        generator.Fill();

        var delay = new PreciseDelay();
        var certificates = new DemoCertificates(options.HostNames);
        var port = options.Port != 0 ? options.Port : FreePort();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // 127.0.0.1 with a port is Graph; the second port, under the name localhost, is the download host.
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(certificates.Server));
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificates.Server));
        });
        var app = builder.Build();

        var baseUrl = $"https://127.0.0.1:{port}";
        var graph = baseUrl + "/v1.0";
        var counters = new RequestCounters();
        var meter = new ContentMeter();
        app.Use(
            (context, next) =>
            {
                if (options.Clock is { } clock)
                    context.Response.GetTypedHeaders().Date = clock();
                if (!meter.IsCut)
                    return next(context);
                context.Abort();
                return Task.CompletedTask;
            }
        );
        var tokens = new AccessTokens(options, counters);
        var pages = new DeltaPages(model, graph);
        var tokenPages = new TokenPages(model, graph);
        var downloads = new Downloads(counters, options.ToleratesTokensOnDownloads, meter);
        app.MapPost(
            "/{tenant}/oauth2/v2.0/token",
            (HttpRequest request, string tenant) =>
            {
                counters.Count("token");
                return tokens.IssueAsync(request, tenant);
            }
        );
        app.MapGet(
            "/msi/token",
            (HttpRequest request) =>
            {
                counters.Count("machineToken");
                return tokens.IssueToMachine(request);
            }
        );
        var changes = new ChangedAnswers();
        var routes = new GraphRoutes(tokens, options, counters, delay, changes);
        new DirectoryEndpoints(model, pages).Map(routes);
        var uploads = new UploadSessions(counters, meter);
        new MailEndpoints(model, pages, options, meter).Map(routes);
        new MailWriteEndpoints(model, uploads).Map(routes);
        new CalendarEndpoints(model, pages).Map(routes);
        new CalendarWriteEndpoints(model, uploads, counters).Map(routes);
        new ContactEndpoints(model, pages).Map(routes);
        new ContactWriteEndpoints(model).Map(routes);
        var drives = new DriveEndpoints(model, downloads, tokenPages, options);
        drives.Map(routes);
        new DriveWriteEndpoints(model, drives, uploads).Map(routes);
        new SiteEndpoints(model, tokenPages, drives).Map(routes);
        routes.Map(app);
        var media = new MediaEndpoints(model, options, counters);
        media.Map(app);
        app.MapGet(
            "/download/{ticket}",
            (HttpContext context, string ticket) =>
                changes.PassAsync(context, context.Request.Path.Value!, each => downloads.ServeAsync(each, ticket))
        );
        app.MapMethods("/upload/{ticket}", ["GET", "PUT"], (HttpContext context, string ticket) => uploads.ServeAsync(context, ticket));
        MapControl(app, model, generator, counters);
        await app.StartAsync();

        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        var second = new Uri(addresses.Single(address => new Uri(address).Port != port));
        uploads.Host = downloads.Host = $"https://localhost:{second.Port}";
        return new DemoTenantServer(
            app,
            certificates,
            options,
            model,
            generator,
            counters,
            tokens,
            pages,
            tokenPages,
            downloads,
            delay,
            baseUrl
        )
        {
            Contents = meter,
            _routes = routes,
            _changes = changes,
            _mailboxes = routes.Mailboxes,
            _uploads = uploads,
            _media = media,
        };
    }

    /// <summary>
    /// Sets a callback that may change every answer of Graph and of the download host before it is sent, including those in batches; null
    /// for none. Called by several requests concurrently.
    /// </summary>
    public void ChangeAnswers(Action<DemoAnswer>? change) => _changes.Change = change;

    /// <summary>Makes every delta token issued so far expire.</summary>
    /// <param name="resync">For drives and lists: what the answer requests.</param>
    public void ExpireDeltaTokens(string resync = "resyncChangesApplyDifferences")
    {
        _tokenPages.ResyncMode = resync;
        lock (Model)
        {
            var now = Model.NextSequence();
            _pages.OldestToken = now;
            _tokenPages.OldestToken = now;
        }
    }

    /// <summary>Makes the next downloads break off half-way.</summary>
    public void BreakDownloads(int count) => _downloads.Break = count;

    /// <summary>Carries out the next writing requests, and loses their answers.</summary>
    public void LoseAnswers(int count) => _routes.LoseAnswers = count;

    /// <summary>Cuts the next upload pieces in the middle.</summary>
    public void BreakUploads(int count) => _uploads.Break = count;

    /// <summary>Makes the download host refuse the next requests with 429.</summary>
    public void RefuseDownloads(int count) => _downloads.Refuse = count;

    /// <summary>Makes every download URL issued so far expire.</summary>
    public void ExpireDownloads() => _downloads.Expire();

    /// <summary>Refuses every request to a mailbox with 429, for this time.</summary>
    public void Throttle(string user, TimeSpan time) => _mailboxes.Throttled[user] = DateTimeOffset.UtcNow + time;

    /// <summary>Makes every URL of WhatsApp media issued so far expire.</summary>
    public void ExpireMedia() => _media.Expire();

    /// <summary>Invalidates every access token in use.</summary>
    public void RevokeTokens() => _tokens.RevokeAll();

    /// <summary>Changes the tenant under its lock.</summary>
    public T Change<T>(Func<DemoTenantModel, TenantGenerator, T> change)
    {
        lock (Model)
            return change(Model, Generator);
    }

    /// <summary>Changes the tenant under its lock.</summary>
    public void Change(Action<DemoTenantModel, TenantGenerator> change)
    {
        lock (Model)
            change(Model, Generator);
    }

    public async ValueTask DisposeAsync()
    {
        using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(brief.Token);
        await _app.DisposeAsync();
        _delay.Dispose();
        _certificates.Dispose();
    }

    // Outside of /v1.0: for testers, not for Graph clients.
    private static void MapControl(WebApplication app, DemoTenantModel model, TenantGenerator generator, RequestCounters counters)
    {
        app.MapGet("/demo/stats", () => Results.Json(new { counters.Counts, counters.Violations }));
        app.MapGet(
            "/demo/shape",
            () =>
            {
                lock (model)
                    return Results.Json(
                        model.Users.Where(user => user.Mailbox is not null).Select(user => user.Mailbox!.CountByFolder()).ToArray()
                    );
            }
        );
        app.MapPost("/demo/stats/reset", () => counters.Reset());
        app.MapPost(
            "/demo/changes/{count:int}",
            (int count) =>
            {
                lock (model)
                {
                    generator.ChangeEverything(count);
                    return Results.Json(new { changes = count });
                }
            }
        );
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
