using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Calendars;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// What is attached to an event and to the changed occurrences of a series, each of which is an event with attachments of its own. An
/// attachment that cannot be had never keeps the event from being stored: it is named.
/// </summary>
internal sealed class EventAttachments(CalendarApi calendars, ResourceBackup run)
{
    // What the size of an attachment counts beside its bytes, at most.
    private const int Overhead = 512;

    private readonly List<EventAttachment> _found = [];
    private readonly List<(string What, Exception Reason)> _missing = [];

    /// <summary>What was found, those of changed occurrences after the event's own.</summary>
    public IReadOnlyList<EventAttachment> Found => _found;

    /// <summary>What could not be had.</summary>
    public IReadOnlyList<(string What, Exception Reason)> Missing => _missing;

    /// <summary>Reads them all.</summary>
    public async Task ReadAsync(string id, JsonElement json, CancellationToken cancellationToken)
    {
        await ReadAsync(id, json, occurrence: null, cancellationToken).ConfigureAwait(false);
        foreach (var exception in json.Array("exceptionOccurrences"))
        {
            if (exception.Text("id") is { Length: > 0 } occurrence)
                await ReadAsync(occurrence, exception, occurrence, cancellationToken).ConfigureAwait(false);
        }
    }

    // hasAttachments is false where all attachments are pictures inside the text.
    private async Task ReadAsync(string item, JsonElement json, string? occurrence, CancellationToken cancellationToken)
    {
        if (!json.Flag("hasAttachments") && !json.Object("body").Text("content").Contains("cid:", StringComparison.OrdinalIgnoreCase))
            return;
        try
        {
            var any = false;
            await foreach (var page in calendars.AttachmentsAsync(item, cancellationToken).ConfigureAwait(false))
            {
                if (!page.IsWhole)
                    _missing.Add((Texts.Get("Extra_Attachments"), GraphException.Broken("The list of attachments holds entries that are none.")));
                foreach (var attachment in page.Items)
                    await AddAsync(item, attachment.Clone(), occurrence, cancellationToken).ConfigureAwait(false);
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
        // A reference names a file in the cloud and has no bytes of its own.
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
            await using var content = await calendars.AttachmentAsync(item, attachment.Text("id"), attachment.Text("contentType"), cancellationToken).ConfigureAwait(false);
            var node = await run.SaveAsync(content, attachment.Time("lastModifiedDateTime"), cancellationToken).ConfigureAwait(false);

            // The size that Graph names counts some bytes of its own.
            if (node.Size == 0 && attachment.Number("size") > Overhead)
                throw GraphException.Broken("An attachment with bytes came without any.");
            _found.Add(new EventAttachment(attachment, $" {_found.Count + 1} {name}", node, occurrence));
        }
        catch (Exception exception) when (Wall.Holds(exception, cancellationToken))
        {
            // Listed, and not to be found, as the damaged ones are: its name and size stay in the event's file.
            _found.Add(new EventAttachment(attachment, "", null, occurrence));
            _missing.Add((Texts.Get("Extra_Attachment", name), exception));
        }
    }
}
