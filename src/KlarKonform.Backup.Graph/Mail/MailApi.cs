using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Mail;

/// <summary>Mail of one mailbox. Ids are immutable ids: they survive moves inside the mailbox.</summary>
public sealed class MailApi(GraphClient client, string mailbox)
{
    /// <summary>Contains properties of a message that were requested beyond the resource's own: its size in bytes.</summary>
    public const string ExtendedProperties = "singleValueExtendedProperties";

    /// <summary>Changes when existing cursors do not return what is requested now.</summary>
    public const string CursorForm = "2";

    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Mail.Read";

    // A page is in memory while its mails are read, for every folder that is read concurrently; larger ones save one request in a hundred.
    private const int PageSize = 100;

    // Ids are small; Outlook allows a thousand in a page.
    private const int IdPageSize = 1000;

    // As many as a mailbox answers concurrently.
    private const int ListAtOnce = 4;

    // What MIME lacks, and what indicates a change. Changes of a property that is not selected are not reported by delta.
    private const string Properties =
        "id,changeKey,subject,receivedDateTime,sentDateTime,createdDateTime,lastModifiedDateTime,internetMessageId,conversationId,"
        + "parentFolderId,isRead,isDraft,importance,inferenceClassification,hasAttachments,categories,flag,from,sender,"
        + "toRecipients,ccRecipients,bccRecipients,replyTo,bodyPreview,isReadReceiptRequested,isDeliveryReceiptRequested";

    // PidTagMessageSize (MS-OXPROPS): changes with nearly every edit, even with those that no property of the resource shows.
    private const string ExpandSize = "&$expand=singleValueExtendedProperties($filter=id%20eq%20'Integer%200x0E08')";

    private readonly GraphScope _scope = GraphScope.Mailbox(mailbox);
    private volatile bool _isPlain;

    /// <summary>All folders at every depth; then their changes.</summary>
    /// <param name="link">A stored delta link, or null for everything.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public IAsyncEnumerable<DeltaPage> FolderDeltaAsync(Uri? link, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(link ?? client.Address($"/users/{mailbox}/mailFolders/delta?includeHiddenFolders=true")),
            PageSize,
            PageKind.Delta,
            cancellationToken
        );

    /// <summary>
    /// The folders below a folder at every depth, including hidden ones, by plain listing: for what delta leaves out, and what has no
    /// delta.
    /// </summary>
    /// <param name="folder">Id or well-known name; null for the mailbox's visible root.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async IAsyncEnumerable<DeltaPage> ListFoldersAsync(string? folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A folder's childFolderCount does not count hidden children, so every folder is asked; those of one level together. A folder that
        // is listed below itself must not cause an endless loop.
        var asked = new HashSet<string>(StringComparer.Ordinal);
        for (string?[] level = [folder]; level.Length > 0; )
        {
            var answers = new JsonDocument[level.Length];
            await Parallel
                .ForEachAsync(
                    Enumerable.Range(0, level.Length),
                    new ParallelOptions { MaxDegreeOfParallelism = ListAtOnce, CancellationToken = cancellationToken },
                    async (i, token) => answers[i] = await ChildrenAsync(level[i], token).ConfigureAwait(false)
                )
                .ConfigureAwait(false);
            var next = new List<string?>();
            foreach (var answer in answers)
            {
                using var page = new DeltaPage(answer);
                next.AddRange(page.Items.Select(child => child.GetProperty("id").GetString()!).Where(asked.Add));
                yield return page;
            }

            level = [.. next];
        }
    }

    /// <summary>All messages of a folder; then their changes.</summary>
    /// <param name="folder">The folder's id.</param>
    /// <param name="link">A stored next or delta link, or null for everything.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.ResyncRequired"/>, or <see cref="GraphErrorKind.QuotaExceeded"/>: list
    /// instead.</exception>
    public async IAsyncEnumerable<DeltaPage> MessageDeltaAsync(
        string folder,
        Uri? link,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // Delta is documented to support $expand, but has been seen answering it with 500: then without. The link shows how it was
        // requested.
        var start = client.Address($"{Folder(folder)}/messages/delta?$select={Properties}");
        var first = link ?? (_isPlain ? start : new Uri(start.AbsoluteUri + ExpandSize));
        for (var begun = false; ; )
        {
            await using var pages = DeltaReader
                .ReadAsync(client, Request(first), PageSize, PageKind.Delta, cancellationToken)
                .GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await pages.MoveNextAsync().ConfigureAwait(false))
                        yield break;
                }
                catch (GraphException exception)
                    when (!begun
                        && link is null
                        && !_isPlain
                        && exception.Status
                            is HttpStatusCode.BadRequest
                                or HttpStatusCode.InternalServerError
                                or HttpStatusCode.NotImplemented
                    )
                {
                    (_isPlain, first) = (true, start);
                    break;
                }

                begun = true;
                yield return pages.Current;
            }
        }
    }

    /// <summary>All messages of a folder, for a mailbox where delta does not work.</summary>
    public IAsyncEnumerable<DeltaPage> ListMessagesAsync(string folder, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(client.Address($"{Folder(folder)}/messages?$select={Properties}{ExpandSize}")),
            PageSize,
            PageKind.SkippableListing,
            cancellationToken
        );

    /// <summary>The ids of all messages of a folder, with as few requests as possible.</summary>
    public IAsyncEnumerable<DeltaPage> MessageIdsAsync(string folder, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(client.Address($"{Folder(folder)}/messages?$select=id,changeKey")),
            IdPageSize,
            PageKind.SkippableListing,
            cancellationToken
        );

    /// <summary>
    /// A message as MIME, as Exchange writes it. Dispose the stream: a message of more than some megabytes is read on demand.
    /// </summary>
    /// <exception cref="GraphException">Here, or when reading the stream: <see cref="GraphErrorKind.Unreachable"/> if the response breaks
    /// off.</exception>
    public async Task<Stream> MimeAsync(string message, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await client
                .SendAsync(Request(client.Address($"{Message(message)}/$value")), cancellationToken)
                .ConfigureAwait(false);
            try
            {
                // A gateway's page with 200 is not a message.
                if (answer.Response.Content.Headers.ContentType?.MediaType is "text/html" or "application/json")
                {
                    answer.Dispose();
                    throw GraphException.Broken("A message was asked for, and another kind of answer came.");
                }

                return await BufferedAnswer.OpenAsync(answer, client.Memory, cancellationToken).ConfigureAwait(false);
            }
            catch (GraphException) when (attempt < 5)
            {
                await client.BackoffAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>One message's properties, for an item that delta will not report again.</summary>
    public Task<JsonDocument> MessageAsync(string message, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(client.Address($"{Message(message)}?$select={Properties}{ExpandSize}")), cancellationToken);

    /// <summary>A message as JSON with body, headers and attachments: for one whose MIME Exchange cannot write.</summary>
    /// <param name="message">The message's id.</param>
    /// <param name="attachments">Whether to include the attachments: a damaged one makes the whole request fail.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public Task<JsonDocument> WholeMessageAsync(string message, bool attachments, CancellationToken cancellationToken) =>
        client.GetJsonAsync(
            Request(client.Address($"{Message(message)}{(attachments ? "?$expand=attachments" : "")}")) with
            {
                Prefer = $"{OutlookPreferences.ImmutableIds}, {OutlookPreferences.UnsafeHtml}",
            },
            cancellationToken
        );

    /// <summary>The attachments of a message, without their contents.</summary>
    public IAsyncEnumerable<DeltaPage> AttachmentsAsync(string message, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(client.Address($"{Message(message)}/attachments?$select=id,name,contentType,size,isInline,lastModifiedDateTime")),
            null,
            PageKind.Listing,
            cancellationToken
        );

    /// <summary>An attachment's bytes: a file as it is, an item as MIME. References have none.</summary>
    public async Task<Stream> AttachmentAsync(string message, string attachment, CancellationToken cancellationToken) =>
        await BufferedAnswer
            .OpenAsync(
                await client
                    .SendAsync(
                        Request(client.Address($"{Message(message)}/attachments/{Uri.EscapeDataString(attachment)}/$value")),
                        cancellationToken
                    )
                    .ConfigureAwait(false),
                client.Memory,
                cancellationToken
            )
            .ConfigureAwait(false);

    /// <summary>The folder with a well-known name such as <c>msgfolderroot</c>.</summary>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.NotFound"/> or Other: this mailbox has none.</exception>
    public Task<JsonDocument> FolderAsync(string idOrWellKnownName, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(client.Address(Folder(idOrWellKnownName))), cancellationToken);

    /// <summary>Exchange's count of the messages in a folder; null if the response does not say.</summary>
    public async Task<int?> ItemCountAsync(string folder, CancellationToken cancellationToken)
    {
        using var answer = await client
            .GetJsonAsync(Request(client.Address($"{Folder(folder)}?$select=totalItemCount")), cancellationToken)
            .ConfigureAwait(false);
        return
            answer.RootElement.TryGetProperty("totalItemCount", out var count)
            && count.ValueKind == JsonValueKind.Number
            && count.TryGetInt32(out var total)
            && total >= 0
            ? total
            : null;
    }

    /// <summary>Proves that the mailbox can be read.</summary>
    /// <exception cref="GraphException">The mailbox's own error: <see cref="GraphException.IsOfResource"/>.</exception>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await FolderAsync("inbox", cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception)
        {
            throw exception.OfResource();
        }
    }

    // All children of a folder as one page.
    private async Task<JsonDocument> ChildrenAsync(string? folder, CancellationToken cancellationToken)
    {
        var below = folder is null ? "/mailFolders" : $"/mailFolders/{Uri.EscapeDataString(folder)}/childFolders";
        var children = new List<JsonElement>();
        var nameless = 0;
        await foreach (
            var page in DeltaReader
                .ReadAsync(
                    client,
                    Request(client.Address($"/users/{mailbox}{below}?includeHiddenFolders=true")),
                    PageSize,
                    PageKind.Listing,
                    cancellationToken
                )
                .ConfigureAwait(false)
        )
        {
            children.AddRange(page.Items.Select(child => child.Clone()));
            nameless += page.Nameless + page.Unread;
        }

        // Entries without a name stay as they are: the reader must know that this is not everything.
        return JsonSerializer.SerializeToDocument(
            new { value = children.Cast<JsonElement?>().Concat(Enumerable.Repeat<JsonElement?>(null, nameless)) }
        );
    }

    private GraphRequest Request(Uri address) => new(_scope, address) { Permission = Permission, Prefer = OutlookPreferences.ImmutableIds };

    private string Folder(string folder) => $"/users/{mailbox}/mailFolders/{Uri.EscapeDataString(folder)}";

    private string Message(string message) => $"/users/{mailbox}/messages/{Uri.EscapeDataString(message)}";
}
