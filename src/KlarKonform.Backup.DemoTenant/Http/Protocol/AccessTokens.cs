using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>
/// Entra's token endpoint for client credentials with its error codes: secret, certificate, another provider's token; and the endpoint that
/// Azure gives a machine for its managed identity. Access tokens are JWTs with the app's roles.
/// </summary>
public sealed class AccessTokens(DemoTenantOptions options, RequestCounters counters)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _issued = new();
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    public async Task<IResult> IssueAsync(HttpRequest request, string tenant)
    {
        var form = await request.ReadFormAsync();
        if (!string.Equals(tenant, options.TenantId, StringComparison.OrdinalIgnoreCase))
            return Refuse(400, "invalid_request", 90002, $"Tenant '{tenant}' not found.");
        if (form["grant_type"] != "client_credentials")
            return Refuse(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
        if (form["client_id"] != options.ClientId)
            return Refuse(
                400,
                "unauthorized_client",
                700016,
                $"Application with identifier '{form["client_id"]}' was not found in the directory."
            );
        if (form.TryGetValue("client_assertion", out var assertion))
        {
            if (form["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                return Refuse(400, "invalid_request", 900144, "The request body must contain the parameter 'client_assertion_type'.");
            if (assertion != options.FederatedToken && !IsSigned(assertion.ToString(), $"/{tenant}/oauth2/v2.0/token"))
                return Refuse(
                    401,
                    "invalid_client",
                    700027,
                    "The certificate with identifier used to sign the client assertion is not registered on application."
                );
        }
        else if (form["client_secret"] == options.ExpiredSecret)
        {
            return Refuse(401, "invalid_client", 7000222, "The provided client secret keys for app are expired.");
        }
        else if (form["client_secret"] != options.ClientSecret)
        {
            return Refuse(401, "invalid_client", 7000215, "Invalid client secret provided.");
        }

        if (!form["scope"].ToString().EndsWith("/.default", StringComparison.Ordinal))
            return Refuse(
                400,
                "invalid_scope",
                1002012,
                "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed."
            );
        return Results.Json(
            new
            {
                token_type = "Bearer",
                expires_in = options.TokenSeconds,
                ext_expires_in = options.TokenSeconds,
                access_token = NewToken(),
            }
        );
    }

    /// <summary>The endpoint of App Service and Azure Automation in IDENTITY_ENDPOINT (api-version 2019-08-01).</summary>
    public IResult IssueToMachine(HttpRequest request)
    {
        if (request.Headers["X-IDENTITY-HEADER"] != options.ManagedIdentityHeader)
            return Results.Json(new { statusCode = 401, message = "Unauthorized" }, statusCode: 401);
        if (string.IsNullOrEmpty(request.Query["resource"]) || request.Query["api-version"] != "2019-08-01")
            return Results.Json(new { statusCode = 400, message = "resource and api-version are required" }, statusCode: 400);
        var expires = DateTimeOffset.UtcNow.AddSeconds(options.TokenSeconds).ToUnixTimeSeconds();
        return Results.Json(
            new
            {
                access_token = NewToken(),
                expires_on = expires.ToString(System.Globalization.CultureInfo.InvariantCulture),
                resource = request.Query["resource"].ToString(),
                token_type = "Bearer",
                client_id = options.ClientId,
            }
        );
    }

    /// <summary>Invalidates every token in use, as Entra does after a revocation.</summary>
    public void RevokeAll() => _issued.Clear();

    public void Require(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (
            !header.StartsWith("Bearer ", StringComparison.Ordinal)
            || !_issued.TryGetValue(header[7..], out var expires)
            || expires < DateTimeOffset.UtcNow
        )
        {
            counters.Count("refusedToken");
            throw new GraphErrorException(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.");
        }
    }

    public void RequirePermission(string permission, string errorCode)
    {
        // Permission to write includes permission to read.
        if (
            !options.Permissions.Contains(permission)
            && !options.Permissions.Contains(permission.Replace(".Read", ".ReadWrite", StringComparison.Ordinal))
        )
            throw new GraphErrorException(403, errorCode, "Insufficient privileges to complete the operation.");
    }

    private string NewToken()
    {
        static string Part(object value) => WebEncoders.Base64UrlEncode(JsonSerializer.SerializeToUtf8Bytes(value));
        var expires = DateTimeOffset.UtcNow.AddSeconds(options.TokenSeconds);
        var text =
            $"{Part(new { typ = "JWT", alg = "HS256" })}."
            + Part(
                new
                {
                    tid = options.TenantId,
                    appid = options.ClientId,
                    roles = options.Permissions,
                    exp = expires.ToUnixTimeSeconds(),
                    jti = Guid.NewGuid(),
                }
            );
        var token = $"{text}.{WebEncoders.Base64UrlEncode(HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes(text)))}";
        _issued[token] = expires;
        return token;
    }

    // A valid JWT signed with a registered certificate, for this app and this endpoint.
    private bool IsSigned(string assertion, string audience)
    {
        var parts = assertion.Split('.');
        if (parts.Length != 3)
            return false;
        using var header = JsonDocument.Parse(WebEncoders.Base64UrlDecode(parts[0]));
        using var claims = JsonDocument.Parse(WebEncoders.Base64UrlDecode(parts[1]));
        var padding = header.RootElement.GetProperty("alg").GetString() == "PS256" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        if (
            claims.RootElement.GetProperty("iss").GetString() != options.ClientId
            || claims.RootElement.GetProperty("sub").GetString() != options.ClientId
            || !claims.RootElement.GetProperty("aud").GetString()!.EndsWith(audience, StringComparison.OrdinalIgnoreCase)
            || long.Parse(claims.RootElement.GetProperty("exp").ToString(), System.Globalization.CultureInfo.InvariantCulture) < now
        )
            return false;
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        return options.Certificates.Any(certificate =>
            certificate.GetRSAPublicKey() is { } key
            && key.VerifyData(signed, WebEncoders.Base64UrlDecode(parts[2]), HashAlgorithmName.SHA256, padding)
        );
    }

    private static IResult Refuse(int status, string error, int code, string text) =>
        Results.Json(
            new
            {
                error,
                error_description = $"AADSTS{code}: {text} Trace ID: {Guid.NewGuid()} Correlation ID: {Guid.NewGuid()} "
                    + $"Timestamp: {DateTimeOffset.UtcNow:u}",
                error_codes = new[] { code },
                timestamp = DateTimeOffset.UtcNow.ToString("u"),
                trace_id = Guid.NewGuid(),
                correlation_id = Guid.NewGuid(),
            },
            statusCode: status
        );
}
