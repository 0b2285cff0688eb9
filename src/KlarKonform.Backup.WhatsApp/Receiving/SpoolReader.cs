using System.Runtime.CompilerServices;

namespace KlarKonform.Backup.WhatsApp.Receiving;

/// <summary>Reads a spool file, or a raw body that another program's receiver stored. Thread-safe.</summary>
public static class SpoolReader
{
    /// <summary>Maximum size of one webhook in bytes. Meta documents no limit; three megabytes have been seen in practice.</summary>
    public const int MaxBody = 16 << 20;

    // A body of control characters takes six bytes per character as JSON text.
    private const int MaxLine = (6 * MaxBody) + 1024;

    /// <summary>Whether a file of this name is a spool's.</summary>
    public static bool IsSpool(string name) => name.EndsWith(SpoolFormat.Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a file of this name is one raw body.</summary>
    public static bool IsBody(string name) => name.EndsWith(".json", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// All complete records from a position on. What follows the last line feed is still being written, or was torn: it was never
    /// confirmed.
    /// </summary>
    /// <param name="content">The file, from <paramref name="start"/> on.</param>
    /// <param name="start">The position: the end of a record.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The records; null for a line that is not one, with the position where it ends.</returns>
    public static async IAsyncEnumerable<(SpoolRecord? Record, long End)> ReadAsync(
        Stream content,
        long start,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(content);
        var buffer = new byte[1 << 17];
        var (from, filled, position) = (0, 0, start);
        while (true)
        {
            var end = buffer.AsSpan(from, filled - from).IndexOf((byte)'\n');
            if (end >= 0)
            {
                position += end + 1;
                yield return (SpoolFormat.Read(buffer.AsMemory(from, end), position), position);
                from += end + 1;
                continue;
            }

            if (from > 0)
            {
                buffer.AsSpan(from, filled - from).CopyTo(buffer);
                (from, filled) = (0, filled - from);
            }

            if (filled == buffer.Length)
            {
                if (buffer.Length > MaxLine)
                    throw new WhatsAppException(WhatsAppErrorKind.NotAWebhook, "A line of the spool is longer than any webhook.");
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            var read = await content.ReadAsync(buffer.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            if (read == 0)
                yield break;
            filled += read;
        }
    }
}
