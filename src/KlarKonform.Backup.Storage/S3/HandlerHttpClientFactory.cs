using Amazon.Runtime;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>Gives the SDK one client over our handler, so that trust and TLS are decided in one place. Thread-safe.</summary>
/// <remarks>
/// With its own caching switched off, the SDK requests a client for every request: it must always get the same one, or every request opens
/// a connection of its own, with a handshake.
/// </remarks>
internal sealed class HandlerHttpClientFactory : HttpClientFactory, IDisposable
{
    private readonly HttpClient _client;

    // The handler has limits for waiting; a limit for a whole request would end every large upload on a slow line.
    public HandlerHttpClientFactory(Func<HttpMessageHandler> handlers) =>
        _client = new HttpClient(handlers()) { Timeout = Timeout.InfiniteTimeSpan };

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();
}
