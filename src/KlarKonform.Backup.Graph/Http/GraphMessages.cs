using System.Net.Http.Headers;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>What is sent for a request: a new message for every attempt. Thread-safe.</summary>
internal sealed class GraphMessages
{
    // Microsoft treats decorated traffic better: NONISV|Company|App/Version.
    private static readonly string s_userAgent =
        $"NONISV|KlarKonform|Backup/{typeof(GraphMessages).Assembly.GetName().Version!.ToString(fieldCount: 2)}";

    private Bearer _bearer = new("", "");

    /// <summary>Says in a message who sends it.</summary>
    public static void Sign(HttpRequestMessage message) => message.Headers.TryAddWithoutValidation("User-Agent", s_userAgent);

    /// <summary>Creates a message with the token. Dispose it.</summary>
    public HttpRequestMessage Create(GraphRequest request, string token)
    {
        var message = new HttpRequestMessage(request.Verb, request.Address);

        // Without parsing: parsing two kilobytes of token for every request is a considerable part of a small request's work.
        message.Headers.TryAddWithoutValidation("Authorization", BearerOf(token));
        Sign(message);
        if (request.Prefer is not null)
            message.Headers.TryAddWithoutValidation("Prefer", request.Prefer);
        if (request.Headers is { } headers)
        {
            foreach (var (name, value) in headers)
                message.Headers.TryAddWithoutValidation(name, value);
        }

        if (request.Body is not null)
        {
            // New content for every attempt: a POST repeated with an empty body has caused damage elsewhere.
            message.Content = new ByteArrayContent(request.Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(request.ContentType);
        }

        return message;
    }

    private string BearerOf(string token)
    {
        var last = _bearer;
        if (last.Token != token)
            _bearer = last = new Bearer(token, "Bearer " + token);
        return last.Header;
    }

    private sealed record Bearer(string Token, string Header)
    {
        public override string ToString() => nameof(Bearer); // Never the token.
    }
}
