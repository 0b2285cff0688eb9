using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Mail;

/// <summary>Mail of one mailbox. Ids are immutable ids: they survive moves inside the mailbox. Needs Mail.Read.</summary>
public sealed class MailApi(GraphClient client, string mailbox)
{
    private const string ImmutableIds = "IdType=\"ImmutableId\"";

    // 500 a page is what long-running clients settled on; more tends to time out with many properties.
    private const int PageSize = 500;

    // What MIME lacks, and what tells a change. A property that is not selected does not surface its changes in delta.
    private const string Properties = "id,changeKey,subject,receivedDateTime,sentDateTime,createdDateTime,lastModifiedDateTime,internetMessageId,parentFolderId,isRead,isDraft,importance,hasAttachments,categories,flag,from";

    private readonly GraphScope _scope = GraphScope.Mailbox(mailbox);

    /// <summary>All folders at every depth, hidden ones too; then their changes.</summary>
    /// <param name="link">A stored delta link, or null for everything.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public IAsyncEnumerable<DeltaPage> FolderDeltaAsync(Uri? link, CancellationToken cancellationToken) => DeltaReader.ReadAsync(client, _scope,
        link ?? client.Address($"/users/{mailbox}/mailFolders/delta?includeHiddenFolders=true"), $"odata.maxpagesize={PageSize}", cancellationToken);

    /// <summary>All messages of a folder; then their changes.</summary>
    /// <param name="folder">The folder's id.</param>
    /// <param name="link">A stored next or delta link, or null for everything.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public IAsyncEnumerable<DeltaPage> MessageDeltaAsync(string folder, Uri? link, CancellationToken cancellationToken) => DeltaReader.ReadAsync(client, _scope,
        link ?? client.Address($"/users/{mailbox}/mailFolders/{Uri.EscapeDataString(folder)}/messages/delta?$select={Properties}"),
        $"odata.maxpagesize={PageSize}, {ImmutableIds}", cancellationToken);

    /// <summary>A message as MIME, as Exchange writes it. The whole message is read at line speed, because an open answer holds one of the mailbox's four places.</summary>
    public async Task<Stream> MimeAsync(string message, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await client.SendAsync(_scope, client.Address($"/users/{mailbox}/messages/{Uri.EscapeDataString(message)}/$value"), ImmutableIds, cancellationToken).ConfigureAwait(false);
            var memory = new MemoryStream();
            try
            {
                await answer.Response.Content.CopyToAsync(memory, cancellationToken).ConfigureAwait(false);
                memory.Position = 0;
                return memory;
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                await memory.DisposeAsync().ConfigureAwait(false);
                if (attempt >= 5)
                    throw new GraphException(GraphErrorKind.Unreachable, null, "BrokenAnswer", exception.Message, exception);
            }

            answer.Dispose();
            await client.BackoffAsync(attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One message's properties, for an item that delta will not mention again.</summary>
    public Task<System.Text.Json.JsonDocument> MessageAsync(string message, CancellationToken cancellationToken) =>
        client.GetJsonAsync(_scope, client.Address($"/users/{mailbox}/messages/{Uri.EscapeDataString(message)}?$select={Properties}"), ImmutableIds, cancellationToken);

    /// <summary>The id of a folder that is known by a name such as <c>msgfolderroot</c>.</summary>
    public async Task<string> FolderIdAsync(string wellKnownName, CancellationToken cancellationToken)
    {
        using var folder = await client.GetJsonAsync(_scope, client.Address($"/users/{mailbox}/mailFolders/{wellKnownName}?$select=id"), null, cancellationToken).ConfigureAwait(false);
        return folder.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>How many messages Exchange counts in a folder.</summary>
    public async Task<int> ItemCountAsync(string folder, CancellationToken cancellationToken)
    {
        using var answer = await client.GetJsonAsync(_scope, client.Address($"/users/{mailbox}/mailFolders/{Uri.EscapeDataString(folder)}?$select=totalItemCount"), null, cancellationToken).ConfigureAwait(false);
        return answer.RootElement.GetProperty("totalItemCount").GetInt32();
    }

    /// <summary>Proves that the mailbox can be read.</summary>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        using var answer = await client.GetJsonAsync(_scope, client.Address($"/users/{mailbox}/mailFolders/inbox"), null, cancellationToken).ConfigureAwait(false);
    }
}
