using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KlarKonform.Backup.TestSupport;

/// <summary>
/// A proxy in front of a real S3 server that counts and records requests, and breaks or changes those that a test chooses. Loopback only.
/// </summary>
public sealed class FaultyS3 : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpClient _client;
    private readonly Uri _server;
    private long _objectBytes;
    private readonly ConcurrentDictionary<string, bool> _connections = new();
    private readonly ConcurrentDictionary<string, byte[]> _uploads = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    private FaultyS3(WebApplication application, HttpClient client, Uri server)
    {
        _application = application;
        _client = client;
        _server = server;
    }

    /// <summary>Its address, plain http.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>Decides what happens to a request; called for each one.</summary>
    public Func<HttpRequest, S3Fault> Choose { get; set; } = _ => S3Fault.None;

    /// <summary>Changes an answer in any other way, after the fault; called for each one that was passed on.</summary>
    public Action<HttpRequest, S3Answer> Alter { get; set; } = (_, _) => { };

    /// <summary>Whether to remember uploads, for <see cref="S3Fault.RangeIgnored"/>.</summary>
    public bool KeepsUploads { get; set; }

    /// <summary>Bytes of objects returned so far, without listings.</summary>
    public long ObjectBytes => Interlocked.Read(ref _objectBytes);

    /// <summary>Every request so far: method, host, path with query, and headers.</summary>
    public ConcurrentQueue<(string Method, string Host, string Target, IReadOnlyDictionary<string, string> Headers)> Requests { get; } =
        new();

    /// <summary>Number of connections with requests so far.</summary>
    public int Connections => _connections.Count;

    /// <summary>Starts it in front of a server that tests/run.sh started.</summary>
    /// <param name="behind">The server; Swift if null.</param>
    public static async Task<FaultyS3> StartAsync(S3TestServer? behind = null)
    {
        behind ??= S3TestServer.Swift;

        // The name is compared with the Host header, which is whatever the client signed; the authority is the test's own.
        var handler = behind.CreateHandler(anyName: true);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(options => options.Limits.MaxRequestBodySize = 1 << 30);
        builder.Services.Configure<KestrelServerOptions>(options => options.AllowSynchronousIO = false);
        var server = new FaultyS3(builder.Build(), new HttpClient(handler), behind.Endpoint);
        server._application.Run(server.HandleAsync);
        await server._application.StartAsync();
        server.Endpoint = new Uri(
            server
                ._application.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.First()
        );
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _application.DisposeAsync();
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        _connections[context.Connection.Id] = true;
        Requests.Enqueue(
            (
                context.Request.Method,
                context.Request.Host.Value!,
                target,
                context.Request.Headers.ToDictionary(
                    header => header.Key,
                    header => header.Value.ToString(),
                    StringComparer.OrdinalIgnoreCase
                )
            )
        );
        var fault = Choose(context.Request);
        using var memory = new MemoryStream();
        if (fault is not (S3Fault.Reset or S3Fault.Hang))
            await context.Request.Body.CopyToAsync(memory, context.RequestAborted);
        switch (fault)
        {
            case S3Fault.InternalError:
                await AnswerAsync(context, 500, "InternalError");
                return;
            case S3Fault.SlowDown:
                await AnswerAsync(context, 503, "SlowDown");
                return;
            case S3Fault.Reset:
                context.Abort();
                return;
            case S3Fault.Hang:
                await HangAsync(context);
                context.Abort();
                return;
            case S3Fault.DamagedUpload when memory.Length > 0:
                memory.GetBuffer()[memory.Length / 2] ^= 1;
                break;
            case S3Fault.Ignored when context.Request.Method is "DELETE" or "PUT":
                context.Response.StatusCode = context.Request.Method == "PUT" ? 200 : 204;
#pragma warning disable CA5351 // The definition of an ETag.
                context.Response.Headers.ETag = $"\"{Convert.ToHexString(MD5.HashData(memory.ToArray())).ToLowerInvariant()}\"";
#pragma warning restore CA5351
                return;
        }

        var path = target.Split('?')[0];
        if (KeepsUploads && context.Request.Method == "PUT" && context.Request.Query.Count == 0)
            _uploads[path] = memory.ToArray();
        var answer = await ForwardAsync(context, target, memory);
        S3Lies.Apply(fault, context.Request, answer, _uploads.GetValueOrDefault(path));
        Alter(context.Request, answer);
        await SendAsync(
            context,
            answer,
            truncate: fault is S3Fault.TruncatedAnswer or S3Fault.SilentAnswer,
            silent: fault == S3Fault.SilentAnswer
        );
    }

    // The Host header stays as the client signed it.
    private async Task<S3Answer> ForwardAsync(HttpContext context, string target, MemoryStream body)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method),
            new Uri(
                _server.GetLeftPart(UriPartial.Authority) + target,
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }
            )
        );
        request.Headers.Host = context.Request.Host.Value;
        if (body.Length > 0 || context.Request.Method is "PUT" or "POST")
            request.Content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (name is "Host" or "Connection" or "Content-Length" or "Transfer-Encoding" or "Expect")
                continue;
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        var headers = answer
            .Headers.Concat(answer.Content.Headers)
            .Where(header => header.Key is not ("Transfer-Encoding" or "Connection"))
            .ToDictionary(header => header.Key, header => header.Value.ToArray(), StringComparer.OrdinalIgnoreCase);
        var content = context.Request.Method == "HEAD" ? [] : await answer.Content.ReadAsByteArrayAsync(context.RequestAborted);
        if (context.Request.Method == "GET" && !target.Contains("list-type=", StringComparison.Ordinal) && answer.IsSuccessStatusCode)
            Interlocked.Add(ref _objectBytes, content.Length);
        return new S3Answer((int)answer.StatusCode, headers, content);
    }

    private async Task SendAsync(HttpContext context, S3Answer answer, bool truncate, bool silent)
    {
        context.Response.StatusCode = answer.Status;
        foreach (var (name, values) in answer.Headers)
            context.Response.Headers[name] = values;
        if (context.Request.Method == "HEAD" || answer.Status is 204 or 304)
            return;
        var content = answer.Body;
        context.Response.ContentLength = content.Length;
        if (truncate && content.Length > 1)
        {
            await context.Response.Body.WriteAsync(content.AsMemory(0, content.Length / 2), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (silent)
                await HangAsync(context);
            context.Abort();
            return;
        }

        await context.Response.Body.WriteAsync(content, context.RequestAborted);
    }

    // Until the client has enough of it.
    private async Task HangAsync(HttpContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stop.Token);
        await Task.Delay(Timeout.Infinite, either.Token).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private static Task AnswerAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        return context.Response.WriteAsync(
            $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>On purpose.</Message><RequestId>"
                + $"1</RequestId></Error>"
        );
    }
}
