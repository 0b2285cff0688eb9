using Amazon.Runtime;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>Gives the SDK one client over our handler, so that trust and TLS are decided in one place. Thread-safe.</summary>
/// <remarks>With its own caching switched off, the SDK asks for a client at every request: what it gets must be the same one, or every request
/// opens a connection of its own, with a handshake.</remarks>
internal sealed class HandlerHttpClientFactory : HttpClientFactory, IDisposable
{
    private readonly HttpClient _client;

    public HandlerHttpClientFactory(Func<HttpMessageHandler> handlers, TimeSpan timeout) => _client = new HttpClient(handlers()) { Timeout = timeout };

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();
}
