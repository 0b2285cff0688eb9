using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using KlarKonform.Backup.Graph.Governing;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// An upload in pieces to a pre-authenticated URL, one after another (driveitem-createuploadsession, attachment-createuploadsession). The
/// URL is on another host: no token is sent there. After an interrupted piece, the service is asked how far it got, and the upload
/// continues there.
/// </summary>
internal sealed class UploadSession(GraphClient client, Uri address, GraphScope scope, int pieceSize)
{
    private const int MaxAttempts = 8;

    /// <summary>Sends content of known length. Returns the last response's JSON; undefined if there is none.</summary>
    /// <exception cref="GraphException">The session is gone, refused, or the connection stays lost.</exception>
    public async Task<JsonElement> SendAsync(Stream content, long size, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Min(pieceSize, size)];
        for (long start = 0; ; )
        {
            var length = await content
                .ReadAtLeastAsync(buffer, (int)Math.Min(buffer.Length, size - start), throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
            if (start + length < size && length < buffer.Length)
                throw new GraphException(
                    GraphErrorKind.IntegrityMismatch,
                    null,
                    "ShortContent",
                    $"The content ended after {start + length} of {size} bytes."
                );
            await client.Governor.WriteAsync(scope, length, cancellationToken).ConfigureAwait(false);
            if (await SendPieceAsync(buffer.AsMemory(0, length), start, size, cancellationToken).ConfigureAwait(false) is { } done)
                return done;
            start += length;
        }
    }

    // Null: there is more to send.
    private async Task<JsonElement?> SendPieceAsync(ReadOnlyMemory<byte> piece, long start, long size, CancellationToken cancellationToken)
    {
        var sent = 0;
        for (var attempt = 1; ; attempt++)
        {
            GraphException failure;
            TimeSpan? wish = null;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Put, address);
                request.Content = new ReadOnlyMemoryContent(piece[sent..]);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                request.Content.Headers.ContentRange = new ContentRangeHeaderValue(start + sent, start + piece.Length - 1, size);
                using var response = await client.UploadAsync(request, cancellationToken).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                    return start + piece.Length < size ? null : await JsonAsync(response, cancellationToken).ConfigureAwait(false);
                wish = client.RetryAfter(response);
                failure = await GraphErrors.ReadAsync(response, null, wish, cancellationToken).ConfigureAwait(false);
                if (failure.Status == HttpStatusCode.NotFound)
                    throw new GraphException(GraphErrorKind.Unreachable, failure.Status, "UploadSessionGone", failure.Message, failure);
                if (failure.Status != HttpStatusCode.RequestedRangeNotSatisfiable && !GraphRetries.IsWorthAnother(failure))
                    throw failure;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                failure = new GraphException(GraphErrorKind.Unreachable, null, "Unreachable", exception.Message, exception);
            }

            if (attempt >= client.Retries.AttemptsAfter(failure, MaxAttempts))
                throw failure;
            await client.BackoffAsync(attempt, wish, cancellationToken).ConfigureAwait(false);

            // Only the service knows how much of it arrived.
            if (await NextAsync(cancellationToken).ConfigureAwait(false) is { } next)
            {
                if (next >= start + piece.Length)
                    return null;
                sent = (int)Math.Max(0, next - start);
            }
        }
    }

    private async Task<long?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            using var response = await client.UploadAsync(request, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                return null;
            var state = await JsonAsync(response, cancellationToken).ConfigureAwait(false);
            foreach (var property in state.ValueKind == JsonValueKind.Object ? state.EnumerateObject() : default)
            {
                if (
                    string.Equals(property.Name, "nextExpectedRanges", StringComparison.OrdinalIgnoreCase)
                    && property.Value.ValueKind == JsonValueKind.Array
                    && property.Value.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.String } range
                    && long.TryParse(range.GetString()!.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var next)
                )
                    return next;
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            // The next attempt finds out.
        }

        return null;
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return body.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(body);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
