namespace KlarKonform.Backup.WhatsApp.Exports;

/// <summary>Determines how an export writes times.</summary>
public static class ExportDetector
{
    // An export has one form; pasted text adds a few more.
    private const int MaxForms = 256;

    /// <inheritdoc cref="DetectAsync(Stream, DateOrder?, ExportFiles?, DateTimeOffset?, CancellationToken)"/>
    public static Task<ExportFormat> DetectAsync(Stream text, DateOrder? order, CancellationToken cancellationToken) =>
        DetectAsync(text, order, null, null, cancellationToken);

    /// <summary>Reads an export once to its end, in bounded memory.</summary>
    /// <param name="text">The export's text.</param>
    /// <param name="order">The order of day and month, if the admin has specified it; otherwise null.</param>
    /// <param name="files">The files of the export, which show what accompanies the name of an attachment; null if unknown.</param>
    /// <param name="now">The current time. Most years of a chat are before it, or they belong to another calendar. Null: not
    /// checked.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="WhatsAppException">
    /// NotAChat; WrongEncoding; UnknownTimes when the years are of another calendar or words for the half of the day are not understood.
    /// </exception>
    public static async Task<ExportFormat> DetectAsync(
        Stream text,
        DateOrder? order,
        ExportFiles? files,
        DateTimeOffset? now,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(text);
        var forms = new Dictionary<FormKey, FormVotes>();
        FormVotes? first = null;
        var number = 0;
        var encoding = default(TextEncoding);
        await foreach (var line in RawLines.ReadAsync(text, found => encoding = found, cancellationToken).ConfigureAwait(false))
        {
            number++;
            if (ExportHeader.Read(line) is not { } header || !FormVotes.IsDate(header))
                continue;
            var key = new FormKey(header);
            if (!forms.TryGetValue(key, out var votes))
            {
                if (forms.Count == MaxForms)
                    continue;
                forms[key] = votes = new FormVotes(key, files);
            }

            votes.Add(header, line);

            // An export begins with a message. Anything else that looks like one may be an older export that someone pasted.
            if (number == 1)
                first = votes;
        }

        var best =
            first
            ?? forms.Values.MaxBy(votes => votes.Count)
            ?? throw new WhatsAppException(WhatsAppErrorKind.NotAChat, "No line begins with a date and a time as WhatsApp writes them.");
        return best.Format(order, now) with { Encoding = encoding.Encoding, HasByteOrderMark = encoding.MarkLength > 0 };
    }
}
