using System.Net;
using System.Text.Json;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>Reads Graph's error envelope and tells what it means.</summary>
internal static class GraphErrors
{
    private const int MaxBody = 64 * 1024;

    public static async Task<GraphException> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var (codes, message) = Parse(await ReadBodyAsync(response, cancellationToken).ConfigureAwait(false));
        var code = codes.Count > 0 ? codes[^1] : response.StatusCode.ToString();
        return new GraphException(Classify(response.StatusCode, codes, message), response.StatusCode, code, message.Length > 0 ? message : $"HTTP {(int)response.StatusCode}")
        {
            RequestId = response.Headers.TryGetValues("request-id", out var ids) ? ids.FirstOrDefault() : null,
            Restart = response.Headers.Location,
        };
    }

    private static GraphErrorKind Classify(HttpStatusCode status, List<string> codes, string message)
    {
        bool Has(params string[] names) => codes.Any(code => names.Contains(code, StringComparer.OrdinalIgnoreCase));
        if (Has("malwareDetected"))
            return GraphErrorKind.Malware;
        if (status == HttpStatusCode.Gone || Has("SyncStateNotFound", "SyncStateInvalid", "resyncRequired"))
            return GraphErrorKind.ResyncRequired;
        if (Has("MailboxNotEnabledForRESTAPI") || message.Contains("mysite", StringComparison.OrdinalIgnoreCase)
            || message.Contains("SPO license", StringComparison.OrdinalIgnoreCase))
            return GraphErrorKind.NotProvisioned;
        if (Has("ErrorCorruptData", "ErrorMimeContentInvalid", "ErrorMimeContentInvalidBase64String", "ErrorCannotOpenFileAttachment", "ErrorInvalidRecipients"))
            return GraphErrorKind.CorruptItem;
        return status switch
        {
            HttpStatusCode.NotFound => GraphErrorKind.NotFound,
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
        var codes = new List<string>();
        var message = "";
        try
        {
            using var document = JsonDocument.Parse(body);
            var current = document.RootElement.TryGetProperty("error", out var error) ? error : default;
            while (current.ValueKind == JsonValueKind.Object)
            {
                if (current.TryGetProperty("code", out var code) && code.GetString() is { Length: > 0 } text)
                    codes.Add(text);
                if (message.Length == 0 && current.TryGetProperty("message", out var words))
                    message = words.GetString() ?? "";
                current = current.TryGetProperty("innerError", out var inner) || current.TryGetProperty("innererror", out inner) ? inner : default;
            }
        }
        catch (JsonException)
        {
            // Proxies and overloaded servers answer with HTML or nothing; the status says what there is to know.
        }

        return (codes, message);
    }

    private static async Task<string> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxBody];
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, length);
    }
}
