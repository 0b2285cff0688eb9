using System.Runtime.CompilerServices;
using System.Text;

namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Reads an exported chat message by message.</summary>
public static class ExportReader
{
    // People paste what looks like a message. What WhatsApp writes itself does not run back by a day and forth again.
    private static readonly TimeSpan s_backwards = TimeSpan.FromDays(1);

    /// <summary>All messages, in the file's order. No line is lost: each belongs to exactly one message's <see cref="ExportMessage.Raw"/>.</summary>
    /// <param name="text">The export's text, from its start.</param>
    /// <param name="format">As <see cref="ExportDetector"/> found it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="WhatsAppException">WrongEncoding or NotAChat.</exception>
    public static async IAsyncEnumerable<ExportMessage> ReadAsync(Stream text, ExportFormat format, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var raw = new StringBuilder();
        (DateTime Time, int Start)? open = null;
        (string Raw, DateTime Time, int Start)? doubtful = null;
        await foreach (var line in RawLines.ReadAsync(text, cancellationToken).ConfigureAwait(false))
        {
            var (time, start) = ExportHeader.Read(line) is { } header && header.Fits(format) ? (header.Time(format.Order), header.Start) : (null, 0);
            if (time is not { } moment)
            {
                if (doubtful is { } growing)
                    doubtful = growing with { Raw = growing.Raw + line };
                else
                    raw.Append(line);
                continue;
            }

            if (doubtful is { } earlier)
            {
                if (moment - earlier.Time > s_backwards && moment >= open!.Value.Time - s_backwards)
                {
                    raw.Append(earlier.Raw); // Time went on as if nothing had been: it was part of a message.
                }
                else
                {
                    yield return Finish(raw, open, format);
                    raw.Append(earlier.Raw);
                    open = (earlier.Time, earlier.Start);
                }

                doubtful = null;
            }

            if (open is { } present && present.Time - moment > s_backwards)
            {
                doubtful = (line, moment, start);
                continue;
            }

            if (raw.Length > 0)
                yield return Finish(raw, open ?? (moment, -1), format);
            raw.Append(line);
            open = (moment, start);
        }

        if (doubtful is { } last)
        {
            yield return Finish(raw, open, format);
            raw.Append(last.Raw);
            open = (last.Time, last.Start);
        }

        if (raw.Length > 0 && open is null)
            throw new WhatsAppException(WhatsAppErrorKind.NotAChat, "No line begins with a date of the chat's own form that exists.");
        if (raw.Length > 0)
            yield return Finish(raw, open, format);
    }

    private static ExportMessage Finish(StringBuilder raw, (DateTime Time, int Start)? header, ExportFormat format)
    {
        var lines = raw.ToString();
        raw.Clear();
        var (time, start) = header!.Value;
        return start < 0 ? new ExportMessage(time, ExportMessageKind.Unparsed, null, lines.TrimEnd('\r', '\n'), lines) : ExportClassifier.Classify(time, lines, start, format.Style);
    }
}
