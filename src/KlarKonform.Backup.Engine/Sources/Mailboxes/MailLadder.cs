using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Mail;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// How the content of a message is had, from the best to what is left: MIME; the message as JSON with its attachments in it; the message
/// as JSON and every attachment for itself; the properties that the listing showed. What Graph hands out is kept, and the loss is on record.
/// </summary>
internal sealed class MailLadder(MailApi mail, ResourceBackup run)
{
    // An answer that breaks inside a large message is asked for again: another time it may come through.
    private const int MaxAttempts = 3;

    // MIME of less is none: a header line and what ends it.
    private const int SmallestMime = 8;

    /// <summary>Stores what can be had of a message.</summary>
    /// <param name="id">The message.</param>
    /// <param name="item">Its properties, as the listing showed them.</param>
    /// <param name="time">Its time.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The content, and why it is not MIME; null when it is.</returns>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.NotFound"/>: it is gone.</exception>
    public async Task<(ItemContent Content, Exception? Failure)> DownloadAsync(string id, JsonElement item, DateTimeOffset time, CancellationToken cancellationToken)
    {
        Exception failure;
        try
        {
            return (new ItemContent(await MimeAsync(id, time, cancellationToken).ConfigureAwait(false)), null);
        }
        catch (Exception exception) when (IsRung(exception, cancellationToken) || exception is GraphException { Kind: GraphErrorKind.NotFound })
        {
            // Of its MIME alone a 404 says nothing about the message: whether that is gone, the next rung's answer says.
            failure = exception;
        }

        foreach (var attachments in (bool[])[true, false])
        {
            try
            {
                using var whole = await mail.WholeMessageAsync(id, attachments, cancellationToken).ConfigureAwait(false);
                var parts = attachments ? [] : await AttachmentsAsync(id, cancellationToken).ConfigureAwait(false);
                return (new ItemContent(await SaveAsync(whole.RootElement, time, cancellationToken).ConfigureAwait(false), parts), failure);
            }
            catch (Exception exception) when (IsRung(exception, cancellationToken))
            {
                // The next rung; what MIME said is what is recorded.
            }
        }

        // The listing is all that there is of it. Its body is not there; that there is such a message, from whom and when, is.
        return (new ItemContent(await SaveAsync(item, time, cancellationToken).ConfigureAwait(false)), failure);
    }

    // Gone is gone, and who may not sign in need not climb. Everything else may look different on the next rung.
    private static bool IsRung(Exception exception, CancellationToken cancellationToken) => Wall.Holds(exception, cancellationToken)
        && exception is not GraphException { Kind: GraphErrorKind.NotFound or GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate or GraphErrorKind.UserGone
            or GraphErrorKind.NotProvisioned or GraphErrorKind.Throttled }
        && exception is not GraphException { Kind: GraphErrorKind.Unreachable, Status: null, Code: not GraphException.BrokenAnswer };

    private async Task<Node> MimeAsync(string id, DateTimeOffset time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var mime = await mail.MimeAsync(id, cancellationToken).ConfigureAwait(false);
                var node = await run.SaveAsync(mime, time, cancellationToken).ConfigureAwait(false);
                return node.Size >= SmallestMime ? node
                    : throw new GraphException(GraphErrorKind.Unreachable, null, GraphException.BrokenAnswer, "Exchange answered with a message of no bytes.");
            }
            catch (GraphException exception) when (exception.Code == GraphException.BrokenAnswer && attempt < MaxAttempts)
            {
                // It broke beyond the buffer, with a part of it stored already: from the start.
            }
        }
    }

    // Each for itself: a damaged one costs itself.
    private async Task<IReadOnlyList<(string Suffix, Node Node)>> AttachmentsAsync(string id, CancellationToken cancellationToken)
    {
        var parts = new List<(string, Node)>();
        try
        {
            await foreach (var page in mail.AttachmentsAsync(id, cancellationToken).ConfigureAwait(false))
            {
                foreach (var attachment in page.Items)
                    await AddAsync(id, attachment, parts, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (IsRung(exception, cancellationToken))
        {
            // Not even their names: the message says that it has some, and the failure of its MIME is on record.
        }

        return parts;
    }

    private async Task AddAsync(string id, JsonElement attachment, List<(string, Node)> parts, CancellationToken cancellationToken)
    {
        if (attachment.Text("@odata.type") == "#microsoft.graph.referenceAttachment")
            return;
        try
        {
            await using var content = await mail.AttachmentAsync(id, attachment.Text("id"), cancellationToken).ConfigureAwait(false);
            var node = await run.SaveAsync(content, attachment.Time("lastModifiedDateTime"), cancellationToken).ConfigureAwait(false);
            parts.Add(($" {parts.Count + 1} {SafeName.Shorten(SafeName.From(attachment.Text("name"), "attachment"), 80)}", node));
        }
        catch (Exception exception) when (IsRung(exception, cancellationToken) || exception is GraphException { Kind: GraphErrorKind.NotFound })
        {
            run.Note(Texts.Get("MailAttachmentMissing", run.Source.Name, attachment.Text("name")), namesItem: true);
        }
    }

    private Task<Node> SaveAsync(JsonElement json, DateTimeOffset time, CancellationToken cancellationToken) =>
        JsonFile.SaveAsync(run, JsonSerializer.SerializeToUtf8Bytes(json), time, cancellationToken);
}
