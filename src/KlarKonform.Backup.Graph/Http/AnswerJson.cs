using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace KlarKonform.Backup.Graph.Http;

/// <summary>
/// Turns the bytes of a response into a document without trusting them: what is not an object is not a response, an error inside a success
/// is an error (OData's in-stream errors, a gateway's JSON), and what a text must not contain, unpaired surrogates or bytes that are not
/// UTF-8, becomes U+FFFD before any other code sees it. Exchange cuts texts at a number of UTF-16 units, even in the middle of a character.
/// </summary>
internal static class AnswerJson
{
    private const int FirstBuffer = 16 << 10;
    private const byte Backslash = (byte)'\\';

    // A page's canvas nests deeper than the reader's own limit of 64.
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 512 };

    /// <summary>Reads a response to its end.</summary>
    /// <exception cref="JsonException">It is not a JSON object.</exception>
    /// <exception cref="GraphException">It contains an error instead of a response.</exception>
    public static async Task<JsonDocument> ReadAsync(Stream body, string? permission, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            var length = 0;
            while (await body.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                length += read;
                if (length < buffer.Length)
                    continue;
                var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                buffer.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }

            return Parse(buffer.AsSpan(0, length), permission);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static JsonDocument Parse(Span<byte> bytes, string? permission)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        if (!Utf8.IsValid(bytes))
            bytes = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes));
        MendSurrogates(bytes);

        // With memory of its own: the buffer goes back to the pool. Parsing from a reader copies only what it needs.
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = s_options.MaxDepth });
        var document = JsonDocument.ParseValue(ref reader);
        try
        {
            while (reader.BytesConsumed < bytes.Length)
            {
                if (bytes[(int)reader.BytesConsumed..].IndexOfAnyExcept(" \r\n\t"u8) >= 0)
                    throw new JsonException("More follows the answer's end.");
                break;
            }

            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new JsonException($"The answer is no JSON object but {document.RootElement.ValueKind}.");
            if (document.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
                throw GraphErrors.Read(HttpStatusCode.InternalServerError, document.RootElement, permission, null);
            return document;
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    // \ud83d without its second half becomes \ufffd, in place. A backslash that is itself escaped begins nothing.
    private static void MendSurrogates(Span<byte> bytes)
    {
        for (var i = 0; ; )
        {
            var next = bytes[i..].IndexOf(Backslash);
            if (next < 0 || i + next + 1 >= bytes.Length)
                return;
            i += next;
            if (bytes[i + 1] != (byte)'u' || Unit(bytes, i) is not { } unit)
            {
                i += 2;
                continue;
            }

            if (char.IsHighSurrogate((char)unit) && Unit(bytes, i + 6) is { } second && char.IsLowSurrogate((char)second))
            {
                i += 12;
                continue;
            }

            if (char.IsSurrogate((char)unit))
                "\\ufffd"u8.CopyTo(bytes[i..]);
            i += 6;
        }
    }

    private static int? Unit(ReadOnlySpan<byte> bytes, int at)
    {
        if (at + 6 > bytes.Length || bytes[at] != Backslash || bytes[at + 1] != (byte)'u')
            return null;
        var unit = 0;
        foreach (var digit in bytes.Slice(at + 2, 4))
        {
            if (!char.IsAsciiHexDigit((char)digit))
                return null;
            unit = (unit << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return unit;
    }
}
