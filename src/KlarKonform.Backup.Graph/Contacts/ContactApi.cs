using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Contacts;

/// <summary>Personal contacts of one mailbox.</summary>
public sealed class ContactApi(GraphClient client, string mailbox)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Contacts.Read";

    private const int PageSize = 500;

    private readonly GraphScope _scope = GraphScope.Mailbox(mailbox);

    /// <summary>The default folder, which contains all others.</summary>
    public Task<JsonDocument> DefaultFolderAsync(CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(client.Address(Folder("contacts"))), cancellationToken);

    /// <summary>A folder as it is now.</summary>
    public Task<JsonDocument> FolderAsync(string folder, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(client.Address(Folder(folder))), cancellationToken);

    /// <summary>The ids and change keys of all contacts of a folder, with as few requests as possible.</summary>
    public IAsyncEnumerable<DeltaPage> ContactIdsAsync(string folder, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(client.Address($"{Folder(folder)}/contacts?$select=id,changeKey")),
            PageSize,
            PageKind.SkippableListing,
            cancellationToken
        );

    /// <summary>All contact folders; then their changes. The default folder is not among them.</summary>
    public IAsyncEnumerable<DeltaPage> FolderDeltaAsync(Uri? link, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(link ?? client.Address($"/users/{mailbox}/contactFolders/delta")),
            PageSize,
            PageKind.Delta,
            cancellationToken
        );

    /// <summary>All contacts of a folder; then their changes.</summary>
    /// <param name="folder">The folder's id.</param>
    /// <param name="link">A stored next or delta link, or null for everything.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public IAsyncEnumerable<DeltaPage> ContactDeltaAsync(string folder, Uri? link, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(link ?? client.Address($"{Folder(folder)}/contacts/delta")),
            PageSize,
            PageKind.Delta,
            cancellationToken
        );

    /// <summary>All contacts of a folder, for a mailbox where delta does not work.</summary>
    public IAsyncEnumerable<DeltaPage> ListContactsAsync(string folder, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(client.Address($"{Folder(folder)}/contacts")),
            PageSize,
            PageKind.SkippableListing,
            cancellationToken
        );

    /// <summary>One contact as it is now.</summary>
    public Task<JsonDocument> ContactAsync(string contact, CancellationToken cancellationToken) =>
        client.GetJsonAsync(Request(client.Address($"/users/{mailbox}/contacts/{Uri.EscapeDataString(contact)}")), cancellationToken);

    /// <summary>
    /// The contacts' photos, in the same order; NotFound if there is none. Twenty per request, because most contacts have none.
    /// </summary>
    /// <exception cref="GraphException">The batch as a whole failed.</exception>
    public Task<IReadOnlyList<BatchAnswer>> PhotosAsync(IReadOnlyList<string> contacts, CancellationToken cancellationToken) =>
        new GraphBatch(client).GetAsync(
            _scope,
            Permission,
            [
                .. contacts.Select(id => new BatchItem(
                    $"/users/{mailbox}/contacts/{Uri.EscapeDataString(id)}/photo/$value",
                    OutlookPreferences.ImmutableIds
                )),
            ],
            cancellationToken
        );

    /// <summary>Proves that contacts can be read.</summary>
    /// <exception cref="GraphException">The mailbox's own error: <see cref="GraphException.IsOfResource"/>.</exception>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client
                .GetJsonAsync(Request(client.Address($"/users/{mailbox}/contacts?$top=1")), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (GraphException exception)
        {
            throw exception.OfResource();
        }
    }

    private GraphRequest Request(Uri address) => new(_scope, address) { Permission = Permission, Prefer = OutlookPreferences.ImmutableIds };

    private string Folder(string folder) => $"/users/{mailbox}/contactFolders/{Uri.EscapeDataString(folder)}";
}
