using System.Security.Cryptography.X509Certificates;

namespace KlarKonform.Backup.TestSupport;

/// <summary>A real S3 server that tests/run.sh started: OpenStack Swift, or Ceph's object gateway.</summary>
/// <param name="name">Prefix of its variables, after KK_TEST_.</param>
public sealed class S3TestServer(string name)
{
    public static S3TestServer Swift { get; } = new("S3");

    public static S3TestServer Ceph { get; } = new("CEPH");

    public Uri Endpoint => new(TestServers.Value(name + "_ENDPOINT"));

    public string Bucket => TestServers.Value(name + "_BUCKET");

    /// <summary>A bucket that keeps every version.</summary>
    public string VersionedBucket => TestServers.Value(name + "_VERSIONED_BUCKET");

    /// <summary>A bucket whose versions cannot be deleted for a day.</summary>
    public string LockedBucket => TestServers.Value(name + "_LOCKED_BUCKET");

    public string AccessKey => TestServers.Value(name + "_ACCESS_KEY");

    public string SecretKey => TestServers.Value(name + "_SECRET_KEY");

    /// <summary>The file of its certificate authority.</summary>
    public string Authority => TestServers.Value(name + "_CA");

    /// <summary>Null if it is available, otherwise why a test cannot run. Where servers are required, its absence is a failure.</summary>
    public string? Missing => TestServers.Missing($"KK_TEST_{name}_ENDPOINT");

    /// <summary>A handler that trusts its authority.</summary>
    /// <param name="anyName">Whether the certificate's name may differ.</param>
    public SocketsHttpHandler CreateHandler(bool anyName = false)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(Authority) },
        };
        if (anyName)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, errors) =>
                (errors & ~System.Net.Security.SslPolicyErrors.RemoteCertificateNameMismatch) == 0;
        return handler;
    }

    public override string ToString() => name;
}
