using System.Net.Security;
using System.Security.Authentication;

namespace KlarKonform.Backup.Engine.Connections;

/// <summary>What an HTTPS endpoint shows to anyone: the TLS version that was negotiated, and its clock. No credential is sent.</summary>
/// <param name="Protocol">The TLS version.</param>
/// <param name="Ahead">How far this computer's clock is ahead of the endpoint's, or null if the endpoint does not say; accurate to a second
/// at best (RFC 9110, Date).</param>
internal sealed record EndpointProbe(SslProtocols? Protocol, TimeSpan? Ahead)
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    /// <exception cref="HttpRequestException">It cannot be reached, or TLS fails.</exception>
    public static async Task<EndpointProbe> AskAsync(
        Uri endpoint,
        string? caCertificate,
        Uri? proxy,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        SslProtocols? protocol = null;
        using var handler = TrustedHandlers.CreateSockets(caCertificate, proxy);
        handler.PlaintextStreamFilter = (context, _) =>
        {
            protocol = (context.PlaintextStream as SslStream)?.SslProtocol;
            return ValueTask.FromResult(context.PlaintextStream);
        };
        using var client = new HttpClient(handler) { Timeout = s_timeout };
        using var request = new HttpRequestMessage(HttpMethod.Head, endpoint);
        var asked = time.GetUtcNow();
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var answered = time.GetUtcNow();

        // The response was written between these two times; its Date header has no fraction.
        return new EndpointProbe(
            protocol,
            response.Headers.Date is not { } date ? null
                : date > answered ? answered - date
                : asked > date.AddSeconds(1) ? asked - date
                : TimeSpan.Zero
        );
    }
}
