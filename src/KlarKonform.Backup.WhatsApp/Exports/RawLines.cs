using System.Runtime.CompilerServices;
using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Lines of a text with whatever ended them, so that nothing is lost.</summary>
internal static class RawLines
{
    // WhatsApp's longest message has 65,536 signs.
    private const int MaxLine = 4 << 20;

    /// <exception cref="WhatsAppException">WrongEncoding, or NotAChat for a line without end.</exception>
    public static async IAsyncEnumerable<string> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true, 1 << 14, leaveOpen: true);
        var buffer = new char[1 << 13];
        var line = new StringBuilder();
        int read;
        while ((read = await FillAsync(reader, buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            var from = 0;
            for (int end; (end = buffer.AsSpan(from, read - from).IndexOf('\n')) >= 0; from += end + 1)
            {
                yield return line.Append(buffer, from, end + 1).ToString();
                line.Clear();
            }

            if (line.Append(buffer, from, read - from).Length > MaxLine)
                throw new WhatsAppException(WhatsAppErrorKind.NotAChat, $"A line has more than {MaxLine} characters.");
        }

        if (line.Length > 0)
            yield return line.ToString();
    }

    private static async Task<int> FillAsync(StreamReader reader, char[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (DecoderFallbackException exception)
        {
            throw new WhatsAppException(WhatsAppErrorKind.WrongEncoding, "The text is not UTF-8.", exception);
        }
    }
}
