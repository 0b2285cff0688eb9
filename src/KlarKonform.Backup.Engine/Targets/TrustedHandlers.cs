using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KlarKonform.Backup.Engine.Targets;

/// <summary>HTTP handlers for Graph and S3: TLS 1.2 or newer, no redirects, the system's roots and those that the admin names.</summary>
internal static class TrustedHandlers
{
    /// <exception cref="BackupException">CaCertificateUnreadable.</exception>
    public static SocketsHttpHandler Create(string? caCertificateFile, Uri? proxy = null)
    {
        var handler = new SocketsHttpHandler
        {
            // A token must never follow a redirect to another host.
            AllowAutoRedirect = false,
            AutomaticDecompression = System.Net.DecompressionMethods.All,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            ConnectTimeout = TimeSpan.FromSeconds(30),
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
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new BackupException("CaCertificateUnreadable", BackupErrorCategory.InvalidArgument, file, file, exception.Message);
        }

        return certificates.Count > 0 ? certificates : throw new BackupException("CaCertificateUnreadable", BackupErrorCategory.InvalidArgument, file, file, "0 PEM");
    }

    private static RemoteCertificateValidationCallback Validator(X509Certificate2Collection roots) => (_, certificate, chain, errors) =>
    {
        if (errors == SslPolicyErrors.None)
            return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 server)
            return false; // A wrong name stays wrong, whoever issued it.
        using var custom = new X509Chain();
        custom.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        custom.ChainPolicy.CustomTrustStore.AddRange(roots);
        custom.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // Private authorities rarely publish revocation lists.
        foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            custom.ChainPolicy.ExtraStore.Add(element.Certificate);
        return custom.Build(server);
    };
}
