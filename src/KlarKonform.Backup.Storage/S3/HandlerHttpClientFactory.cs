using Amazon.Runtime;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>Gives the SDK a client over our handler, so that trust and TLS are decided in one place.</summary>
internal sealed class HandlerHttpClientFactory(Func<HttpMessageHandler> handlers, TimeSpan timeout) : HttpClientFactory
{
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(handlers()) { Timeout = timeout };

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
}
