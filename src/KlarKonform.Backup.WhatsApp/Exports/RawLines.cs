using System.Runtime.CompilerServices;
using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Lines of a text with their line endings, so that nothing is lost.</summary>
internal static class RawLines
{
    // WhatsApp's longest message has 65,536 characters.
    private const int MaxLine = 16 << 20;

    /// <summary>All lines, each ended by CR, LF or both; the last one may have no ending.</summary>
    /// <param name="stream">The text from its start.</param>
    /// <param name="encoding">Called once, before the first line, with what was found.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="WhatsAppException">WrongEncoding; NotAChat for a ZIP or a line without end.</exception>
    public static async IAsyncEnumerable<string> ReadAsync(
        Stream stream,
        Action<TextEncoding>? encoding = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var bytes = new byte[1 << 14];
        var filled = await stream
            .ReadAtLeastAsync(bytes, TextEncoding.SampleLength, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        if (ExportSniffer.IsZip(bytes.AsSpan(0, filled)))
            throw new WhatsAppException(WhatsAppErrorKind.NotAChat, "It is a ZIP, whatever its name says.");
        var found = TextEncoding.Detect(bytes.AsSpan(0, filled));
        encoding?.Invoke(found);
        var decoder = found.Encoding.GetDecoder();
        var buffer = new char[found.Encoding.GetMaxCharCount(bytes.Length)];
        var line = new StringBuilder();
        var afterReturn = false;
        for (var from = found.MarkLength; ; from = 0)
        {
            var read = Decode(decoder, bytes.AsSpan(from, filled - from), buffer, filled == 0);
            var start = 0;
            for (var at = 0; at < read; at++)
            {
                // A CR ends a line unless an LF follows, which may be in the next buffer.
                if (afterReturn && buffer[at] != '\n')
                {
                    yield return line.Append(buffer, start, at - start).ToString();
                    line.Clear();
                    start = at;
                }

                afterReturn = buffer[at] == '\r';
                if (buffer[at] == '\n')
                {
                    yield return line.Append(buffer, start, at + 1 - start).ToString();
                    line.Clear();
                    start = at + 1;
                }
                else if (!afterReturn && buffer.AsSpan(at, read - at).IndexOfAny('\r', '\n') is var next)
                {
                    at = (next < 0 ? read : at + next) - 1;
                }
            }

            if (line.Append(buffer, start, read - start).Length > MaxLine)
                throw new WhatsAppException(WhatsAppErrorKind.NotAChat, $"A line has more than {MaxLine} characters.");
            if (filled == 0)
                break;
            filled = await stream.ReadAsync(bytes, cancellationToken).ConfigureAwait(false);
        }

        if (line.Length > 0)
            yield return line.ToString();
    }

    private static int Decode(Decoder decoder, ReadOnlySpan<byte> bytes, char[] buffer, bool last)
    {
        try
        {
            return decoder.GetChars(bytes, buffer, flush: last);
        }
        catch (DecoderFallbackException exception)
        {
            throw new WhatsAppException(WhatsAppErrorKind.WrongEncoding, "The text is neither UTF-8 nor UTF-16.", exception);
        }
    }
}
