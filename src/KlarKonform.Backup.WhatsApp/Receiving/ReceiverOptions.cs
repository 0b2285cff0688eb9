using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>How a receiver listens.</summary>
public sealed record ReceiverOptions
{
    /// <summary>The address to listen on; port 0 lets the system choose.</summary>
    public IPEndPoint Endpoint { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>Its certificate with private key; null for plain HTTP behind a reverse proxy.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The callback's path.</summary>
    public string Path { get; init; } = "/whatsapp";

    /// <summary>The token that Meta repeats in the handshake.</summary>
    public required string VerifyToken { get; init; }

    /// <summary>The app's secret, which signs every webhook.</summary>
    public required string AppSecret { get; init; }

    /// <summary>How long a client may take for a request.</summary>
    public TimeSpan RequestTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection may be idle.</summary>
    public TimeSpan IdleTime { get; init; } = TimeSpan.FromSeconds(75);
}
