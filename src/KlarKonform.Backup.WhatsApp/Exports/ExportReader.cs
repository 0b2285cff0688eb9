using System.Runtime.CompilerServices;
using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Reads an exported chat message by message.</summary>
public static class ExportReader
{
    // WhatsApp's longest message has 65,536 characters; a longer one means that this is another file that happens to begin like a chat.
    private const int MaxMessage = 64 << 20;

    // People paste text that looks like messages. WhatsApp's own times do not jump back by a day and forward again.
    private static readonly TimeSpan s_backwards = TimeSpan.FromDays(1);

    /// <inheritdoc cref="ReadAsync(Stream, ExportFormat, ExportFiles?, CancellationToken)"/>
    public static IAsyncEnumerable<ExportMessage> ReadAsync(Stream text, ExportFormat format, CancellationToken cancellationToken) =>
        ReadAsync(text, format, null, cancellationToken);

    /// <summary>
    /// All messages, in the order of the file. No line is lost: each belongs to exactly one message's <see cref="ExportMessage.Raw"/>.
    /// Needs memory for the longest message.
    /// </summary>
    /// <param name="text">The export's text, from its start.</param>
    /// <param name="format">As returned by <see cref="ExportDetector"/>.</param>
    /// <param name="files">The files of the export: a text that is one of their names is an attachment. Null if unknown.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="WhatsAppException">WrongEncoding or NotAChat.</exception>
    public static async IAsyncEnumerable<ExportMessage> ReadAsync(
        Stream text,
        ExportFormat format,
        ExportFiles? files,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(format);
        var raw = new StringBuilder();
        var later = new StringBuilder();
        (DateTime Time, int Start)? open = null;
        (DateTime Time, int Start)? doubtful = null;
        await foreach (var line in RawLines.ReadAsync(text, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            var (time, start) =
                ExportHeader.Read(line) is { } header && header.Fits(format) ? (header.Time(format), header.Start) : (null, 0);
            if (time is not { } moment)
            {
                if ((doubtful is null ? raw : later).Append(line).Length > MaxMessage)
                    throw new WhatsAppException(WhatsAppErrorKind.NotAChat, $"A message has more than {MaxMessage} characters.");
                continue;
            }

            if (doubtful is { } earlier)
            {
                // If time then continues as if nothing had happened, it was part of a message.
                if (moment - earlier.Time <= s_backwards || moment < open!.Value.Time - s_backwards)
                {
                    yield return Finish(raw, open, format, files);
                    open = earlier;
                }

                raw.Append(later);
                later.Clear();
                doubtful = null;
            }

            if (open is { } present && present.Time - moment > s_backwards)
            {
                later.Append(line);
                doubtful = (moment, start);
                continue;
            }

            if (raw.Length > 0)
                yield return Finish(raw, open ?? (moment, -1), format, files);
            raw.Append(line);
            open = (moment, start);
        }

        // Nothing follows that could decide it. People paste old messages more often than clocks go back by a day for the very last one,
        // and so no text is torn apart.
        raw.Append(later);

        if (raw.Length > 0 && open is null)
            throw new WhatsAppException(WhatsAppErrorKind.NotAChat, "No line begins with a date of the chat's own form that exists.");
        if (raw.Length > 0)
            yield return Finish(raw, open, format, files);
    }

    private static ExportMessage Finish(StringBuilder raw, (DateTime Time, int Start)? header, ExportFormat format, ExportFiles? files)
    {
        var lines = raw.ToString();
        raw.Clear();
        var (time, start) = header!.Value;
        return start < 0
            ? new ExportMessage(time, ExportMessageKind.Unparsed, null, lines.TrimEnd('\r', '\n'), lines)
            : ExportClassifier.Classify(time, lines, start, format, files);
    }
}
