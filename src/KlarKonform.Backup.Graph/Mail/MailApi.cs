using System.Runtime.CompilerServices;
using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Mail;

/// <summary>Mail of one mailbox. Ids are immutable ids: they survive moves inside the mailbox.</summary>
public sealed class MailApi(GraphClient client, string mailbox)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Mail.Read";

    // A page is in memory while its mails are read, in every folder that is read at a time; larger ones save one request in a hundred.
    private const int PageSize = 100;

    // Ids are small; Outlook allows a thousand in a page.
    private const int IdPageSize = 1000;

    // As many as a mailbox answers at a time.
    private const int ListAtOnce = 4;

    // What MIME lacks, and what tells a change. A property that is not selected does not surface its changes in delta.
    private const string Properties = "id,changeKey,subject,receivedDateTime,sentDateTime,createdDateTime,lastModifiedDateTime,internetMessageId,conversationId,"
        + "parentFolderId,isRead,isDraft,importance,inferenceClassification,hasAttachments,categories,flag,from,sender,toRecipients,ccRecipients,bccRecipients,isReadReceiptRequested,isDeliveryReceiptRequested";

    private readonly GraphScope _scope = GraphScope.Mailbox(mailbox);

    /// <summary>All folders at every depth; then their changes.</summary>
    /// <param name="link">A stored delta link, or null for everything.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public IAsyncEnumerable<DeltaPage> FolderDeltaAsync(Uri? link, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(client, Request(link ?? client.Address($"/users/{mailbox}/mailFolders/delta?includeHiddenFolders=true")), PageSize, cancellationToken);

    /// <summary>The folders below a folder at every depth, hidden ones too, by plain listing: what delta leaves out, and what has no delta.</summary>
    /// <param name="folder">Id or well-known name; null for the mailbox's visible root.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<DeltaPage> ListFoldersAsync(string? folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A folder's childFolderCount does not count hidden children, so every folder is asked; those of a level together.
        for (string?[] level = [folder]; level.Length > 0;)
        {
            var answers = new JsonDocument[level.Length];
            await Parallel.ForEachAsync(Enumerable.Range(0, level.Length), new ParallelOptions { MaxDegreeOfParallelism = ListAtOnce, CancellationToken = cancellationToken }, async (i, token) => answers[i] = await ChildrenAsync(level[i], token).ConfigureAwait(false)).ConfigureAwait(false);
            var next = new List<string?>();
            foreach (var answer in answers)
            {
                using var page = new DeltaPage(answer);
                next.AddRange(page.Items.Select(child => child.GetProperty("id").GetString()));
                yield return page;
            }

            level = [.. next];
        }
    }

    /// <summary>All messages of a folder; then their changes.</summary>
    /// <param name="folder">The folder's id.</param>
    /// <param name="link">A stored next or delta link, or null for everything.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.ResyncRequired"/>, or <see cref="GraphErrorKind.DeltaUnavailable"/>: list instead.</exception>
    public IAsyncEnumerable<DeltaPage> MessageDeltaAsync(string folder, Uri? link, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(client, Request(link ?? client.Address($"{Folder(folder)}/messages/delta?$select={Properties}")), PageSize, cancellationToken);

    /// <summary>All messages of a folder, for a mailbox where delta does not work.</summary>
    public IAsyncEnumerable<DeltaPage> ListMessagesAsync(string folder, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(client, Request(client.Address($"{Folder(folder)}/messages?$select={Properties}")), PageSize, cancellationToken);

    /// <summary>The ids of all messages of a folder, as few requests as can be.</summary>
    public IAsyncEnumerable<DeltaPage> MessageIdsAsync(string folder, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(client, Request(client.Address($"{Folder(folder)}/messages?$select=id")), IdPageSize, cancellationToken);

    /// <summary>A message as MIME, as Exchange writes it. Dispose the stream: a message of more than some megabytes is read while it is used.</summary>
    /// <exception cref="GraphException">Here, or when the stream is read: <see cref="GraphErrorKind.Unreachable"/> when the answer breaks.</exception>
    public async Task<Stream> MimeAsync(string message, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await client.SendAsync(Request(client.Address($"{Message(message)}/$value")), cancellationToken).ConfigureAwait(false);
            try
            {
                return await BufferedAnswer.OpenAsync(answer, client.Memory, cancellationToken).ConfigureAwait(false);
            }
            catch (GraphException) when (attempt < 5)
            {
                await client.BackoffAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>One message's properties, for an item that delta will not mention again.</summary>
    public Task<JsonDocument> MessageAsync(string message, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(client.Address($"{Message(message)}?$select={Properties}")), cancellationToken);

    /// <summary>A message as JSON with body, headers and attachments: for one whose MIME Exchange cannot write.</summary>
    /// <param name="message">The message's id.</param>
    /// <param name="attachments">Whether the attachments come with it: a damaged one makes the whole fail.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public Task<JsonDocument> WholeMessageAsync(string message, bool attachments, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(client.Address($"{Message(message)}{(attachments ? "?$expand=attachments" : "")}")) with { Prefer = $"{OutlookPreferences.ImmutableIds}, {OutlookPreferences.UnsafeHtml}" }, cancellationToken);

    /// <summary>The folder that is known by a name such as <c>msgfolderroot</c>.</summary>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.NotFound"/> or Other: this mailbox has none.</exception>
    public Task<JsonDocument> FolderAsync(string idOrWellKnownName, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(client.Address(Folder(idOrWellKnownName))), cancellationToken);

    /// <summary>How many messages Exchange counts in a folder.</summary>
    public async Task<int> ItemCountAsync(string folder, CancellationToken cancellationToken)
    {
        using var answer = await client.GetJsonAsync(Request(client.Address($"{Folder(folder)}?$select=totalItemCount")), cancellationToken).ConfigureAwait(false);
        return answer.RootElement.GetProperty("totalItemCount").GetInt32();
    }

    /// <summary>Proves that the mailbox can be read.</summary>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        using var answer = await FolderAsync("inbox", cancellationToken).ConfigureAwait(false);
    }

    // All children of a folder as one page.
    private async Task<JsonDocument> ChildrenAsync(string? folder, CancellationToken cancellationToken)
    {
        var below = folder is null ? "/mailFolders" : $"/mailFolders/{Uri.EscapeDataString(folder)}/childFolders";
        var children = new List<JsonElement>();
        await foreach (var page in DeltaReader.ReadAsync(client, Request(client.Address($"/users/{mailbox}{below}?includeHiddenFolders=true")), PageSize, cancellationToken).ConfigureAwait(false))
            children.AddRange(page.Items.Select(child => child.Clone()));
        return JsonSerializer.SerializeToDocument(new { value = children });
    }

    private GraphRequest Request(Uri address) => new(_scope, address) { Permission = Permission, Prefer = OutlookPreferences.ImmutableIds };

    private string Folder(string folder) => $"/users/{mailbox}/mailFolders/{Uri.EscapeDataString(folder)}";

    private string Message(string message) => $"/users/{mailbox}/messages/{Uri.EscapeDataString(message)}";
}
