namespace KlarKonform.Backup;

/// <summary>How the receiver of WhatsApp's webhooks listens.</summary>
public sealed record ReceiverRequest
{
    /// <summary>The local address; by default loopback, for a reverse proxy on the same machine.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>The port; 0 lets the system choose.</summary>
    public int Port { get; init; } = 8480;

    /// <summary>The callback's path.</summary>
    public string Path { get; init; } = "/whatsapp";

    /// <summary>
    /// A certificate with its private key as <c>vault/name</c>, or null for plain HTTP behind a reverse proxy that speaks TLS.
    /// </summary>
    public string? Certificate { get; init; }

    /// <summary>Called with the address that it listens on.</summary>
    public Action<Uri>? Started { get; init; }
}
