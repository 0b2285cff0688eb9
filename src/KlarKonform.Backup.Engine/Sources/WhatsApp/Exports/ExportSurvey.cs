using KlarKonform.Backup.WhatsApp.Archive;
using KlarKonform.Backup.WhatsApp.Exports;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;

/// <summary>
/// What is known of an export before it is taken in: its participants, its first date, and what distinguishes it from other chats.
/// </summary>
internal sealed class ExportSurvey
{
    private readonly HashSet<string> _authors = new(StringComparer.Ordinal);

    public ChatTraces Traces { get; } = new();

    public IReadOnlySet<string> Authors => _authors;

    public int Messages { get; private set; }

    public int NotMessages { get; private set; }

    public int Omitted { get; private set; }

    public bool HasFiles { get; private set; }

    public DateTime First { get; private set; } = DateTime.MaxValue;

    public DateTime Last { get; private set; } = DateTime.MinValue;

    /// <summary>Names of files that messages mention and the export does not contain.</summary>
    public SortedSet<string> Missing { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads a chat's text to its end.</summary>
    public static async Task<ExportSurvey> ReadAsync(ExportContainer container, ChatText text, CancellationToken cancellationToken)
    {
        var survey = new ExportSurvey();
        await using var content = await container.OpenAsync(text.File, cancellationToken);
        await foreach (var message in ExportReader.ReadAsync(content, text.Format, container.Names, cancellationToken))
            survey.Add(message, container);
        return survey;
    }

    private void Add(ExportMessage message, ExportContainer container)
    {
        Messages++;
        Traces.Add(message);
        First = message.Time < First ? message.Time : First;
        Last = message.Time > Last ? message.Time : Last;
        if (message.Kind == ExportMessageKind.Unparsed)
            NotMessages += message.Raw.Count(sign => sign == '\n') + (message.Raw.EndsWith('\n') ? 0 : 1);
        if (message.Author is { } author && message.Kind != ExportMessageKind.System)
            _authors.Add(author);
        if (message.Attachment is { } attachment)
        {
            HasFiles = true;
            if (container.Find(attachment) is null)
                Missing.Add(attachment);
        }
        else if (message.MediaType is not null)
        {
            Omitted++;
        }
    }
}
