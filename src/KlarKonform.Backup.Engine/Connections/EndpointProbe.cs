using System.Net.Security;
using System.Security.Authentication;

namespace KlarKonform.Backup.Engine.Connections;

/// <summary>What an HTTPS endpoint shows to anybody: the TLS version that was agreed on, and its clock. No credential is sent.</summary>
/// <param name="Protocol">The TLS version.</param>
/// <param name="Ahead">How far this computer's clock is ahead of the endpoint's, or null if it does not tell; whole seconds at best (RFC 9110, Date).</param>
internal sealed record EndpointProbe(SslProtocols? Protocol, TimeSpan? Ahead)
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    /// <exception cref="HttpRequestException">It cannot be reached, or TLS fails.</exception>
    public static async Task<EndpointProbe> AskAsync(Uri endpoint, string? caCertificate, Uri? proxy, TimeProvider time, CancellationToken cancellationToken)
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
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        var answered = time.GetUtcNow();

        // The answer was written between the two; its time has no fraction.
        return new EndpointProbe(protocol, response.Headers.Date is not { } date ? null : date > answered ? answered - date : asked > date.AddSeconds(1) ? asked - date : TimeSpan.Zero);
    }
}
