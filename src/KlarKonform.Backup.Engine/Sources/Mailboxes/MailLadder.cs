using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Mail;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>
/// How to get the content of a message, from the best way to the last resort: MIME; the message as JSON including its attachments; the
/// message as JSON and each attachment on its own; the properties that the listing showed. What Graph returns is kept, and the loss is
/// recorded.
/// </summary>
internal sealed class MailLadder(MailApi mail, ResourceBackup run)
{
    // A response that breaks off inside a large message is requested again: another attempt may succeed.
    private const int MaxAttempts = 3;

    // Anything shorter is not MIME: it takes a header line and its end.
    private const int SmallestMime = 8;

    /// <summary>Stores whatever is available of a message.</summary>
    /// <param name="id">The message.</param>
    /// <param name="item">Its properties, as the listing showed them.</param>
    /// <param name="time">Its time.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The content, and why it is not MIME; null if it is.</returns>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.NotFound"/>: it is gone.</exception>
    public async Task<(ItemContent Content, Exception? Failure)> DownloadAsync(
        string id,
        JsonElement item,
        DateTimeOffset time,
        CancellationToken cancellationToken
    )
    {
        Exception failure;
        try
        {
            return (new ItemContent(await MimeAsync(id, time, cancellationToken)), null);
        }
        catch (Exception exception)
            when (IsRung(exception, cancellationToken) || exception is GraphException { Kind: GraphErrorKind.NotFound })
        {
            // A 404 for the MIME alone says nothing about the message: the answer of the next rung tells whether it is gone.
            failure = exception;
        }

        foreach (var attachments in (bool[])[true, false])
        {
            try
            {
                using var whole = await mail.WholeMessageAsync(id, attachments, cancellationToken);
                var parts = attachments ? [] : await AttachmentsAsync(id, cancellationToken);
                return (new ItemContent(await SaveAsync(whole.RootElement, time, cancellationToken), parts), failure);
            }
            catch (Exception exception) when (IsRung(exception, cancellationToken))
            {
                // The next rung; the error of the MIME is what is recorded.
            }
        }

        // The listing is all there is. The body is missing, but the message itself, its sender and its time are on record.
        return (new ItemContent(await SaveAsync(item, time, cancellationToken)), failure);
    }

    // If the item is gone or sign-in fails, there is no point in continuing. Any other error may not occur on the next rung.
    private static bool IsRung(Exception exception, CancellationToken cancellationToken) =>
        Wall.Holds(exception, cancellationToken)
        && exception
            is not GraphException
            {
                Kind: GraphErrorKind.NotFound
                    or GraphErrorKind.SignInFailed
                    or GraphErrorKind.UntrustedCertificate
                    or GraphErrorKind.ResourceGone
                    or GraphErrorKind.NotProvisioned
                    or GraphErrorKind.Throttled
            }
        && exception is not GraphException { Kind: GraphErrorKind.Unreachable, Status: null, Code: not GraphException.BrokenAnswer };

    private async Task<Node> MimeAsync(string id, DateTimeOffset time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var mime = await mail.MimeAsync(id, cancellationToken);
                var node = await run.SaveAsync(mime, time, cancellationToken);
                return node.Size >= SmallestMime
                    ? node
                    : throw new GraphException(
                        GraphErrorKind.Unreachable,
                        null,
                        GraphException.BrokenAnswer,
                        "Exchange answered with a message of no bytes."
                    );
            }
            catch (GraphException exception) when (exception.Code == GraphException.BrokenAnswer && attempt < MaxAttempts)
            {
                // It broke off beyond the buffer, with a part already stored: start over.
            }
        }
    }

    // Each on its own: a damaged one affects only itself.
    private async Task<IReadOnlyList<(string Suffix, Node Node)>> AttachmentsAsync(string id, CancellationToken cancellationToken)
    {
        var parts = new List<(string, Node)>();
        try
        {
            await foreach (var page in mail.AttachmentsAsync(id, cancellationToken))
            {
                foreach (var attachment in page.Items)
                    await AddAsync(id, attachment, parts, cancellationToken);
            }
        }
        catch (Exception exception) when (IsRung(exception, cancellationToken))
        {
            // Not even their names: the message says that it has some, and the failure of its MIME is recorded.
        }

        return parts;
    }

    private async Task AddAsync(string id, JsonElement attachment, List<(string, Node)> parts, CancellationToken cancellationToken)
    {
        if (attachment.Text("@odata.type") == "#microsoft.graph.referenceAttachment")
            return;
        try
        {
            await using var content = await mail.AttachmentAsync(id, attachment.Text("id"), cancellationToken);
            var node = await run.SaveAsync(content, attachment.Time("lastModifiedDateTime"), cancellationToken);
            parts.Add(($" {parts.Count + 1} {SafeName.Shorten(SafeName.From(attachment.Text("name"), "attachment"), 80)}", node));
        }
        catch (Exception exception)
            when (IsRung(exception, cancellationToken) || exception is GraphException { Kind: GraphErrorKind.NotFound })
        {
            run.Note(Texts.Get("MailAttachmentMissing", run.Source.Name, attachment.Text("name")), namesItem: true);
        }
    }

    private Task<Node> SaveAsync(JsonElement json, DateTimeOffset time, CancellationToken cancellationToken) =>
        JsonFile.SaveAsync(run, JsonSerializer.SerializeToUtf8Bytes(json), time, cancellationToken);
}
