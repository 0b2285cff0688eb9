using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Calendars;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// The attachments of an event and of the changed occurrences of a series, each of which is an event with attachments of its own. An
/// attachment that cannot be read never prevents the event from being stored: it is reported.
/// </summary>
internal sealed class EventAttachments(CalendarApi calendars, ResourceBackup run)
{
    // What Graph's size of an attachment includes in addition to its bytes, at most.
    private const int Overhead = 512;

    private readonly List<EventAttachment> _found = [];
    private readonly List<(string What, Exception Reason)> _missing = [];

    /// <summary>The attachments found, those of changed occurrences after the event's own.</summary>
    public IReadOnlyList<EventAttachment> Found => _found;

    /// <summary>What could not be read.</summary>
    public IReadOnlyList<(string What, Exception Reason)> Missing => _missing;

    /// <summary>Reads all of them.</summary>
    public async Task ReadAsync(string id, JsonElement json, CancellationToken cancellationToken)
    {
        await ReadAsync(id, json, occurrence: null, cancellationToken);
        foreach (var exception in json.Array("exceptionOccurrences"))
        {
            if (exception.Text("id") is { Length: > 0 } occurrence)
                await ReadAsync(occurrence, exception, occurrence, cancellationToken);
        }
    }

    // hasAttachments is false if all attachments are images inside the text.
    private async Task ReadAsync(string item, JsonElement json, string? occurrence, CancellationToken cancellationToken)
    {
        if (!json.Flag("hasAttachments") && !json.Object("body").Text("content").Contains("cid:", StringComparison.OrdinalIgnoreCase))
            return;
        try
        {
            var any = false;
            await foreach (var page in calendars.AttachmentsAsync(item, cancellationToken))
            {
                if (!page.IsWhole)
                    _missing.Add(
                        (Texts.Get("Extra_Attachments"), GraphException.Broken("The list of attachments holds entries that are none."))
                    );
                foreach (var attachment in page.Items)
                    await AddAsync(item, attachment.Clone(), occurrence, cancellationToken);
                any |= page.Items.Count > 0;
            }

            if (!any && json.Flag("hasAttachments"))
                _missing.Add((Texts.Get("Extra_Attachments"), GraphException.Broken("The event has attachments, and none is listed.")));
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            _missing.Add((Texts.Get("Extra_Attachments"), exception));
        }
    }

    private async Task AddAsync(string item, JsonElement attachment, string? occurrence, CancellationToken cancellationToken)
    {
        // A reference points to a file in the cloud and has no bytes of its own.
        if (attachment.Text("@odata.type") == "#microsoft.graph.referenceAttachment")
        {
            _found.Add(new EventAttachment(attachment, "", null, occurrence));
            return;
        }

        var name = SafeName.Shorten(SafeName.From(attachment.Text("name"), "attachment"), 80);
        if (attachment.Text("@odata.type") == "#microsoft.graph.itemAttachment" && !Path.HasExtension(name))
            name += ".eml";
        try
        {
            await using var content = await calendars.AttachmentAsync(
                item,
                attachment.Text("id"),
                attachment.Text("contentType"),
                cancellationToken
            );
            var node = await run.SaveAsync(content, attachment.Time("lastModifiedDateTime"), cancellationToken);

            // Graph's size includes some bytes of its own.
            if (node.Size == 0 && attachment.Number("size") > Overhead)
                throw GraphException.Broken("An attachment with bytes came without any.");
            _found.Add(new EventAttachment(attachment, $" {_found.Count + 1} {name}", node, occurrence));
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            // Listed but not found, as happens with damaged ones: its name and size stay in the event's file.
            _found.Add(new EventAttachment(attachment, "", null, occurrence));
            _missing.Add((Texts.Get("Extra_Attachment", name), exception));
        }
    }
}
