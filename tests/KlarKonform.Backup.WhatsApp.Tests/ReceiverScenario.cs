using System.Net;
using System.Text;
using KlarKonform.Backup.TestSupport;
using KlarKonform.Backup.WhatsApp.Receiving;
using KlarKonform.Backup.WhatsApp.Webhooks;

namespace KlarKonform.Backup.WhatsApp.Tests;

/// <summary>A receiver with a spool, and a client that signs like Meta.</summary>
internal sealed class ReceiverScenario : IAsyncDisposable
{
    public const string Secret = "app-secret";
    public const string Token = "verify me";

    private readonly CancellationTokenSource _stop = new();
    private readonly SpoolWriter _spool;
    private readonly WebhookReceiver _receiver;
    private readonly Task _running;

    public ReceiverScenario(
        TimeProvider? time = null,
        System.Security.Cryptography.X509Certificates.X509Certificate2? certificate = null,
        TimeSpan? patience = null
    )
    {
        _spool = new SpoolWriter(Folder["spool"], time ?? TimeProvider.System);
        var options = new ReceiverOptions
        {
            VerifyToken = Token,
            AppSecret = Secret,
            Certificate = certificate,
        };
        _receiver = new WebhookReceiver(patience is { } wait ? options with { RequestTime = wait, IdleTime = wait } : options, _spool);
        Endpoint = _receiver.Start();
        _running = _receiver.RunAsync(_stop.Token);
        Client = new HttpClient(
            new SocketsHttpHandler
            {
                SslOptions =
                {
                    RemoteCertificateValidationCallback = (_, presented, _, _) =>
                        presented?.GetCertHashString() == certificate?.GetCertHashString(),
                },
            }
        )
        {
            BaseAddress = new Uri($"{(certificate is null ? "http" : "https")}://127.0.0.1:{Endpoint.Port}"),
        };
    }

    public TemporaryFolder Folder { get; } = new();

    public IPEndPoint Endpoint { get; }

    public HttpClient Client { get; }

    public ReceiverCounts Counts => _receiver.Counts;

    public async Task<HttpStatusCode> PostAsync(string body, string? signature = null, bool chunked = false)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/whatsapp") { Content = new ByteArrayContent(bytes) };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.TryAddWithoutValidation(WebhookSignature.Header, signature ?? WebhookSignature.Of(bytes, Secret));
        using var answer = await Client.SendAsync(request);
        return answer.StatusCode;
    }

    /// <summary>All bodies in the spool, in the order of files and lines.</summary>
    public async Task<List<string>> SpooledAsync()
    {
        var bodies = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Folder["spool"]).Order())
        {
            await using var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await foreach (var (record, _) in SpoolReader.ReadAsync(content, 0, default))
            {
                Assert.NotNull(record);
                Assert.True(WebhookSignature.Matches(record.Body.Span, record.Signature, Secret));
                bodies.Add(Encoding.UTF8.GetString(record.Body.Span));
            }
        }

        return bodies;
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Client.Dispose();
        _receiver.Dispose();
        await _spool.DisposeAsync();
        _stop.Dispose();
        Folder.Dispose();
    }
}
