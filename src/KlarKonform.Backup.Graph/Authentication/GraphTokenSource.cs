using System.Security.Authentication;
using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;

namespace KlarKonform.Backup.Graph.Authentication;

/// <summary>Obtains the app's tokens through Azure.Identity. Thread-safe.</summary>
public sealed class GraphTokenSource : IDisposable
{
    private static readonly TimeSpan s_renewBefore = TimeSpan.FromMinutes(5);

    private readonly TokenCredential _credential;
    private readonly string[] _scopes;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1);
    private AccessToken _token;

    /// <summary>Prepares a sign-in; the first token is requested when it is needed.</summary>
    /// <param name="settings">Tenant and app.</param>
    /// <param name="credential">How the app proves itself.</param>
    /// <param name="handler">Trust, proxy, TLS.</param>
    /// <param name="time">Clock.</param>
    public GraphTokenSource(GraphSettings settings, GraphCredential credential, HttpMessageHandler handler, TimeProvider time)
    {
        _scopes = [settings.Scope];
        _time = time;
        var transport = new HttpClientTransport(new HttpClient(handler, disposeHandler: false));
        _credential = credential switch
        {
            GraphCredential.ClientSecret secret => new ClientSecretCredential(
                settings.TenantId,
                settings.ClientId,
                secret.Secret,
                new ClientSecretCredentialOptions
                {
                    AuthorityHost = settings.AuthorityHost,
                    DisableInstanceDiscovery = settings.CustomAuthority,
                    Transport = transport,
                }
            ),
            GraphCredential.ClientCertificate certificate => new ClientCertificateCredential(
                settings.TenantId,
                settings.ClientId,
                certificate.Certificate,
                new ClientCertificateCredentialOptions
                {
                    AuthorityHost = settings.AuthorityHost,
                    DisableInstanceDiscovery = settings.CustomAuthority,
                    Transport = transport,
                }
            ),
            GraphCredential.WorkloadIdentity workload => new WorkloadIdentityCredential(WorkloadOptions(settings, workload, transport)),
            _ => new ManagedIdentityCredential(
                new ManagedIdentityCredentialOptions(
                    string.IsNullOrEmpty(settings.ClientId)
                        ? ManagedIdentityId.SystemAssigned
                        : ManagedIdentityId.FromUserAssignedClientId(settings.ClientId)
                )
                {
                    Transport = transport,
                }
            ),
        };
    }

    /// <summary>
    /// The application roles in the token, for diagnosis; null if it cannot be read. Roles that Exchange grants itself (RBAC for
    /// Applications) are not among them.
    /// </summary>
    /// <exception cref="GraphException">As in <see cref="GetAsync"/>.</exception>
    public async Task<IReadOnlyList<string>?> RolesAsync(CancellationToken cancellationToken)
    {
        var parts = (await GetAsync(cancellationToken).ConfigureAwait(false)).Split('.');
        if (parts.Length != 3)
            return null;
        try
        {
            var payload = parts[1].Replace('-', '+').Replace('_', '/');
            using var claims = JsonDocument.Parse(Convert.FromBase64String(payload.PadRight((payload.Length + 3) / 4 * 4, '=')));
            return claims.RootElement.TryGetProperty("roles", out var roles) && roles.ValueKind == JsonValueKind.Array
                ? [.. roles.EnumerateArray().Select(role => role.GetString()!)]
                : [];
        }
        catch (Exception exception) when (exception is FormatException or JsonException or InvalidOperationException)
        {
            return null; // Tokens are opaque by contract.
        }
    }

    /// <summary>A token that is valid for at least some more minutes.</summary>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.SignInFailed"/>, <see cref="GraphErrorKind.Unreachable"/> or
    /// <see cref="GraphErrorKind.UntrustedCertificate"/>.</exception>
    public async Task<string> GetAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_token.ExpiresOn - _time.GetUtcNow() < s_renewBefore)
                _token = await _credential.GetTokenAsync(new TokenRequestContext(_scopes), cancellationToken).ConfigureAwait(false);
            return _token.Token;
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            throw Translate(exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Requests a new token because Graph refused this one before its expiry (revocation, continuous access evaluation).</summary>
    public async Task RenewAsync(string refused, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_token.Token != refused)
                return; // Another request renewed it meanwhile.

            // MSAL returns its cached token unless claims are requested; an empty claims request forces a new token from the service.
            _token = await _credential
                .GetTokenAsync(new TokenRequestContext(_scopes, claims: "{}"), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            throw Translate(exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _gate.Dispose();

    private static WorkloadIdentityCredentialOptions WorkloadOptions(
        GraphSettings settings,
        GraphCredential.WorkloadIdentity workload,
        HttpPipelineTransport transport
    )
    {
        var options = new WorkloadIdentityCredentialOptions
        {
            AuthorityHost = settings.AuthorityHost,
            DisableInstanceDiscovery = settings.CustomAuthority,
            TenantId = settings.TenantId,
            ClientId = settings.ClientId,
            Transport = transport,
        };
        if (workload.TokenFile is not null)
            options.TokenFilePath = workload.TokenFile;
        return options;
    }

    // The SDK has a limit of its own, a hundred seconds per attempt, and fails as if the caller had cancelled.
    private static bool IsFailure(Exception exception, CancellationToken cancellationToken) =>
        exception is AuthenticationFailedException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static GraphException Translate(Exception exception)
    {
        if (Find<AuthenticationException>(exception) is { } tls)
            return new GraphException(GraphErrorKind.UntrustedCertificate, null, "UntrustedCertificate", tls.Message);
        if (Find<HttpRequestException>(exception) is { } network)
            return new GraphException(GraphErrorKind.Unreachable, null, "Unreachable", network.Message, exception);
        if (Find<HttpIOException>(exception) is { } broken)
            return new GraphException(GraphErrorKind.Unreachable, null, "Unreachable", broken.Message, exception);
        if ((Find<TimeoutException>(exception) ?? (Exception?)Find<OperationCanceledException>(exception)) is { } late)
            return new GraphException(
                GraphErrorKind.Unreachable,
                null,
                "Unreachable",
                late.Message,
                new TimeoutException(late.Message, exception)
            );

        // "AADSTS7000222: … Trace ID: …" somewhere in the chain: the code that Microsoft's documentation explains, and its text.
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            var start = inner.Message.IndexOf("AADSTS", StringComparison.Ordinal);
            if (start < 0)
                continue;
            var end = start + "AADSTS".Length;
            while (end < inner.Message.Length && char.IsAsciiDigit(inner.Message[end]))
                end++;
            var words = inner.Message[start..].Split("Trace ID", 2)[0].Trim();
            return new GraphException(GraphErrorKind.SignInFailed, null, inner.Message[start..end], words);
        }

        if (exception is CredentialUnavailableException)
            return new GraphException(
                GraphErrorKind.SignInFailed,
                null,
                "ManagedIdentityUnavailable",
                exception.Message.ReplaceLineEndings(" ").Trim(),
                exception
            );
        return new GraphException(
            GraphErrorKind.SignInFailed,
            null,
            "SignInFailed",
            exception.Message.ReplaceLineEndings(" ").Trim(),
            exception
        );
    }

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
                return found;
        }

        return null;
    }
}
