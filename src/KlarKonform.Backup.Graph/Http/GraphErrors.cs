using System.Net;
using System.Security.Authentication;
using System.Text.Json;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>Reads Graph's error envelope and determines what it means.</summary>
internal static class GraphErrors
{
    private const int MaxBody = 64 * 1024;

    public static async Task<GraphException> ReadAsync(
        HttpResponseMessage response,
        string? permission,
        TimeSpan? retryAfter,
        CancellationToken cancellationToken
    )
    {
        var (codes, message) = Parse(await ReadBodyAsync(response, cancellationToken).ConfigureAwait(false));
        return New(
            response.StatusCode,
            codes,
            message,
            permission,
            retryAfter,
            response.Headers.TryGetValues("request-id", out var ids) ? ids.FirstOrDefault() : null,
            response.Headers.Location
        );
    }

    /// <summary>An error inside a batch.</summary>
    public static GraphException Read(HttpStatusCode status, JsonElement body, string? permission, TimeSpan? retryAfter)
    {
        var (codes, message) = Envelope(body);
        return New(status, codes, message, permission, retryAfter, null, null);
    }

    /// <summary>The failure of a request that got no answer, or a broken one.</summary>
    public static GraphException Unreachable(Exception exception)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is AuthenticationException tls)
                return new GraphException(GraphErrorKind.UntrustedCertificate, null, "UntrustedCertificate", tls.Message, exception);
        }

        return new GraphException(GraphErrorKind.Unreachable, null, "Unreachable", exception.Message, exception);
    }

    private static GraphException New(
        HttpStatusCode status,
        List<string> codes,
        string message,
        string? permission,
        TimeSpan? retryAfter,
        string? requestId,
        Uri? restart
    ) =>
        new(
            Classify(status, codes),
            status,
            codes.Count > 0 ? codes[^1] : status.ToString(),
            message.Length > 0 ? message : $"HTTP {(int)status}"
        )
        {
            RequestId = requestId,
            RetryAfter = retryAfter,
            Restart = restart,
            Permission = permission,
        };

    // By code and status. A message quotes names and addresses that people chose; no word in it decides anything.
    private static GraphErrorKind Classify(HttpStatusCode status, List<string> codes)
    {
        bool Has(params string[] names) => codes.Any(code => names.Contains(code, StringComparer.OrdinalIgnoreCase));
        if (Has("malwareDetected"))
            return GraphErrorKind.Malware;
        if (status == HttpStatusCode.Gone || Has("SyncStateNotFound", "SyncStateInvalid", "resyncRequired"))
            return GraphErrorKind.ResyncRequired;
        if (Has("MailboxNotEnabledForRESTAPI"))
            return GraphErrorKind.NotProvisioned;
        if (
            Has(
                "ErrorCorruptData",
                "ErrorContentConversionFailed",
                "ErrorMimeContentInvalid",
                "ErrorMimeContentInvalidBase64String",
                "ErrorMimeContentConversionFailed",
                "ErrorCannotOpenFileAttachment",
                "ErrorInvalidRecipients",
                "ErrorInvalidAttachmentId"
            )
        )
            return GraphErrorKind.CorruptItem;
        if (Has("ErrorQuotaExceeded"))
            return GraphErrorKind.QuotaExceeded;
        if (Has("ErrorInvalidUser", "Request_ResourceNotFound"))
            return GraphErrorKind.ResourceGone;
        return status switch
        {
            HttpStatusCode.NotFound => GraphErrorKind.NotFound,
            HttpStatusCode.Locked => GraphErrorKind.Locked,
            HttpStatusCode.Unauthorized => GraphErrorKind.SignInFailed,
            HttpStatusCode.Forbidden => GraphErrorKind.AccessDenied,
            HttpStatusCode.TooManyRequests => GraphErrorKind.Throttled,
            >= HttpStatusCode.InternalServerError => GraphErrorKind.Unreachable,
            _ => GraphErrorKind.Other,
        };
    }

    // The envelope nests: error.code, error.innerError.code, error.innerError.innerError.code …
    private static (List<string> Codes, string Message) Parse(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Envelope(document.RootElement);
        }
        catch (JsonException)
        {
            // Proxies and overloaded servers answer with HTML or nothing; only the status is known.
            return ([], "");
        }
    }

    private static (List<string> Codes, string Message) Envelope(JsonElement root)
    {
        var codes = new List<string>();
        var message = "";
        var current = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var error) ? error : default;
        while (current.ValueKind == JsonValueKind.Object)
        {
            if (
                current.TryGetProperty("code", out var code)
                && code.ValueKind == JsonValueKind.String
                && TextOf(code) is { Length: > 0 } text
            )
                codes.Add(text);
            if (message.Length == 0 && current.TryGetProperty("message", out var words) && words.ValueKind == JsonValueKind.String)
                message = TextOf(words);
            current =
                current.TryGetProperty("innerError", out var inner) || current.TryGetProperty("innererror", out inner) ? inner : default;
        }

        return (codes, message);
    }

    // An error text may be cut in the middle of a character like any other text.
    private static string TextOf(JsonElement text)
    {
        try
        {
            return text.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return text.GetRawText().Trim('"');
        }
    }

    private static async Task<string> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxBody];
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var length = await stream
            .ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, length);
    }
}
