using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KlarKonform.Backup.Http;

namespace KlarKonform.Backup.Engine.Connections;

/// <summary>
/// HTTP handlers for all requests: TLS 1.2 or newer, no redirects, the system's root certificates and those that the admin names, and a
/// limit for every wait.
/// </summary>
internal static class TrustedHandlers
{
    /// <summary>A handler with which nothing waits for ever.</summary>
    /// <param name="caCertificateFile">Additional root certificates, or null.</param>
    /// <param name="proxy">The proxy, or null for the system's proxy.</param>
    /// <param name="limits">How long to wait; null for the limits used for Microsoft's and Meta's services.</param>
    /// <param name="time">The clock of the limits; null for the system clock.</param>
    /// <param name="moved">Called when something was transferred, or null.</param>
    /// <exception cref="BackupException">CaCertificateUnreadable.</exception>
    public static HttpMessageHandler Create(
        string? caCertificateFile,
        Uri? proxy = null,
        LineLimits? limits = null,
        TimeProvider? time = null,
        Action? moved = null
    ) => new LineLimitHandler(CreateSockets(caCertificateFile, proxy), limits ?? LineLimits.Default, time ?? TimeProvider.System, moved);

    /// <summary>The same without limits: for callers with an overall limit of their own.</summary>
    /// <exception cref="BackupException">CaCertificateUnreadable.</exception>
    public static SocketsHttpHandler CreateSockets(string? caCertificateFile, Uri? proxy)
    {
        var handler = new SocketsHttpHandler
        {
            // A token must never follow a redirect to another host.
            AllowAutoRedirect = false,
            AutomaticDecompression = System.Net.DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            ConnectTimeout = TimeSpan.FromSeconds(30),
            ConnectCallback = KeptAlive.ConnectAsync,

            // With HTTP/2, a dead connection would take many requests with it.
            KeepAlivePingDelay = TimeSpan.FromSeconds(60),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(30),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            SslOptions = new SslClientAuthenticationOptions { EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13 },
        };
        if (proxy is not null)
            handler.Proxy = new System.Net.WebProxy(proxy);
        if (caCertificateFile is not null)
            handler.SslOptions.RemoteCertificateValidationCallback = Validator(Load(caCertificateFile));
        return handler;
    }

    private static X509Certificate2Collection Load(string file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(file);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new BackupException(ErrorIds.CaCertificateUnreadable, BackupErrorCategory.InvalidArgument, file, file, exception.Message);
        }

        return certificates.Count > 0
            ? certificates
            : throw new BackupException(ErrorIds.CaCertificateUnreadable, BackupErrorCategory.InvalidArgument, file, file, "0 PEM");
    }

    private static RemoteCertificateValidationCallback Validator(X509Certificate2Collection roots) =>
        (_, certificate, chain, errors) =>
        {
            if (errors == SslPolicyErrors.None)
                return true;
            if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 server)
                return false; // A wrong name stays wrong, whoever issued the certificate.
            using var custom = new X509Chain();
            custom.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            custom.ChainPolicy.CustomTrustStore.AddRange(roots);
            custom.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // Private authorities rarely publish revocation lists.
            foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
                custom.ChainPolicy.ExtraStore.Add(element.Certificate);
            return custom.Build(server);
        };
}
