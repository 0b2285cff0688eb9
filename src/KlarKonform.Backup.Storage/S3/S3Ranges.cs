using System.Globalization;
using System.Net;
using Amazon.S3.Model;

namespace KlarKonform.Backup.Storage.S3;

/// <summary>
/// Compares what was requested with what was received. Servers and proxies that ignore Range send the object from its first byte, with
/// status 200; others send the requested part with 200 too, or the whole object if the part is the whole.
/// </summary>
internal static class S3Ranges
{
    /// <summary>The response body, starting at the requested byte.</summary>
    /// <param name="answer">The response.</param>
    /// <param name="body">Its body.</param>
    /// <param name="offset">The first byte requested.</param>
    /// <param name="length">Number of bytes, or null for all that follow.</param>
    /// <param name="location">The store's location.</param>
    /// <param name="key">The object's key.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.RangesIgnored"/> or
    /// <see cref="StorageErrorKind.InvalidAnswer"/>.</exception>
    public static Stream Judge(GetObjectResponse answer, Stream body, long offset, long? length, string location, string key)
    {
        if (offset == 0 && length is null)
            return body;
        var sent = answer.Headers.ContentLength; // -1 if the server does not say.
        if (!string.IsNullOrEmpty(answer.ContentRange))
        {
            if (FirstByte(answer.ContentRange) != offset)
                throw S3Errors.Contradiction(location, key, $"{Asked()}, the server sent '{answer.ContentRange}'.");
        }
        else if (answer.HttpStatusCode == HttpStatusCode.OK && offset > 0 && sent != length)
        {
            throw sent >= 0 && sent <= offset
                ? S3Errors.Contradiction(location, key, $"{Asked()}, the server sent {sent} bytes and not which.")
                : new StorageException(
                    StorageErrorKind.RangesIgnored,
                    location,
                    key,
                    $"This server ignores ranges. {Asked()}, it began at the first one. Look for a proxy or gateway before it."
                );
        }

        return length is { } count ? new BoundedReadStream(body, count) : body;

        string Asked() => $"Asked for '{key}' from byte {offset}";
    }

    // RFC 9110, section 14.4: "bytes 42-1233/1234". -1 for anything else.
    private static long FirstByte(string range)
    {
        const string Unit = "bytes ";
        var dash = range.IndexOf('-', StringComparison.Ordinal);
        if (!range.StartsWith(Unit, StringComparison.OrdinalIgnoreCase) || dash <= Unit.Length)
            return -1;
        var number = range.AsSpan(Unit.Length, dash - Unit.Length);
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var first) ? first : -1;
    }
}
