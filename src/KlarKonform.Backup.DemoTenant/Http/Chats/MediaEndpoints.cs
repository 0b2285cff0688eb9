using System.Collections.Concurrent;
using System.Security.Cryptography;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Chats;

/// <summary>
/// Meta's media: an id gives a URL for five minutes, the URL gives the bytes, both with the bearer token; media that came by webhook are
/// kept for seven days; after twenty errors in an hour no request is answered for half an hour (Meta, "Media"; 360dialog).
/// </summary>
internal sealed class MediaEndpoints(DemoTenantModel tenant, DemoTenantOptions options, RequestCounters counters)
{
    private const int MaxErrors = 20;
    private static readonly TimeSpan s_address = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_kept = TimeSpan.FromDays(7);

    private readonly ConcurrentDictionary<string, (DemoMedia Media, DateTimeOffset Until)> _tickets = new();
    private readonly ConcurrentQueue<DateTimeOffset> _errors = new();

    public void Map(WebApplication app)
    {
        app.MapGet("/meta/{version}/{id}", LookUp);
        app.MapGet("/meta/media/{ticket}", Download);
    }

    /// <summary>Makes every URL issued so far expire.</summary>
    public void Expire() => _tickets.Clear();

    private IResult LookUp(HttpRequest request, string id)
    {
        counters.Count("mediaLookUp");
        while (_errors.TryPeek(out var oldest) && oldest < DateTimeOffset.UtcNow.AddHours(-1))
            _errors.TryDequeue(out _);
        if (_errors.Count >= MaxErrors)
            return Error(429, 130429, "Rate limit hit");
        if (!IsSignedIn(request))
            return Error(401, 190, "Invalid OAuth access token - Cannot parse access token");
        DemoMedia? media;
        lock (tenant)
            tenant.Media.TryGetValue(id, out media);
        if (media is null || DateTimeOffset.UtcNow - media.Arrived > s_kept)
        {
            _errors.Enqueue(DateTimeOffset.UtcNow);
            return Error(
                400,
                100,
                $"Unsupported get request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, "
                    + $"or does not support this operation."
            );
        }

        var ticket = Guid.NewGuid().ToString("N");
        _tickets[ticket] = (media, DateTimeOffset.UtcNow + s_address);
        return Results.Json(
            new
            {
                messaging_product = "whatsapp",
                url = $"{request.Scheme}://{request.Host}/meta/media/{ticket}",
                mime_type = media.MimeType,
                sha256 = Convert.ToHexString(SHA256.HashData(media.Content)).ToLowerInvariant(),
                file_size = media.Content.Length.ToString(System.Globalization.CultureInfo.InvariantCulture),
                id,
            }
        );
    }

    private IResult Download(HttpRequest request, string ticket)
    {
        if (!IsSignedIn(request))
            return Results.StatusCode(401);
        if (!_tickets.TryGetValue(ticket, out var issued) || issued.Until < DateTimeOffset.UtcNow)
            return Results.StatusCode(404);
        counters.Count("media");
        return Results.Bytes(issued.Media.Content, issued.Media.MimeType);
    }

    private bool IsSignedIn(HttpRequest request) => request.Headers.Authorization == $"Bearer {options.MetaAccessToken}";

    private static IResult Error(int status, int code, string message) =>
        Results.Json(
            new
            {
                error = new
                {
                    message,
                    type = "OAuthException",
                    code,
                },
            },
            statusCode: status
        );
}
