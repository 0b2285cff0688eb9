using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace KlarKonform.Backup.DemoTenant.Http;

/// <summary>Entra's token endpoint for client credentials, with its error codes.</summary>
public sealed class AccessTokens(DemoTenantOptions options)
{
    private const int LifetimeSeconds = 3599;

    private readonly ConcurrentDictionary<string, DateTimeOffset> _issued = new();

    public async Task<IResult> IssueAsync(HttpRequest request, string tenant)
    {
        var form = await request.ReadFormAsync();
        if (!string.Equals(tenant, options.TenantId, StringComparison.OrdinalIgnoreCase))
            return Refuse(400, "invalid_request", 90002, $"Tenant '{tenant}' not found.");
        if (form["grant_type"] != "client_credentials")
            return Refuse(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
        if (form["client_id"] != options.ClientId)
            return Refuse(400, "unauthorized_client", 700016, $"Application with identifier '{form["client_id"]}' was not found in the directory.");
        if (form["client_secret"] == options.ExpiredSecret)
            return Refuse(401, "invalid_client", 7000222, "The provided client secret keys for app are expired.");
        if (form["client_secret"] != options.ClientSecret)
            return Refuse(401, "invalid_client", 7000215, "Invalid client secret provided.");
        if (!form["scope"].ToString().EndsWith("/.default", StringComparison.Ordinal))
            return Refuse(400, "invalid_scope", 1002012, "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed.");
        var token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(96));
        _issued[token] = DateTimeOffset.UtcNow.AddSeconds(LifetimeSeconds);
        return Results.Json(new { token_type = "Bearer", expires_in = LifetimeSeconds, ext_expires_in = LifetimeSeconds, access_token = token });
    }

    /// <summary>Makes every token that is in use invalid, as Entra does after a revocation.</summary>
    public void RevokeAll() => _issued.Clear();

    public void Require(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.Ordinal) || !_issued.TryGetValue(header[7..], out var expires) || expires < DateTimeOffset.UtcNow)
            throw new GraphErrorException(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.");
    }

    public void RequirePermission(string permission, string errorCode)
    {
        if (!options.Permissions.Contains(permission))
            throw new GraphErrorException(403, errorCode, "Insufficient privileges to complete the operation.");
    }

    private static IResult Refuse(int status, string error, int code, string text) => Results.Json(
        new
        {
            error,
            error_description = $"AADSTS{code}: {text} Trace ID: {Guid.NewGuid()} Correlation ID: {Guid.NewGuid()} Timestamp: {DateTimeOffset.UtcNow:u}",
            error_codes = new[] { code },
            timestamp = DateTimeOffset.UtcNow.ToString("u"),
            trace_id = Guid.NewGuid(),
            correlation_id = Guid.NewGuid(),
        },
        statusCode: status);
}
