using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Contacts;

/// <summary>Writes contacts into one mailbox, for a restore. Thread-safe.</summary>
public sealed class ContactWriter(GraphClient client, string mailbox)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Contacts.ReadWrite";

    private const int PageSize = 500;

    private readonly OutlookWriter _outlook = new(client, mailbox, Permission);

    /// <summary>Creates a folder below another.</summary>
    /// <returns>Its id.</returns>
    public Task<string> CreateFolderAsync(string parent, string name, CancellationToken cancellationToken) =>
        _outlook.CreateAsync(
            $"/users/{mailbox}/contactFolders/{Uri.EscapeDataString(parent)}/childFolders",
            JsonSerializer.SerializeToUtf8Bytes(new { displayName = name }),
            cancellationToken
        );

    /// <summary>What distinguishes contacts of a folder: their ids, and a property chosen by the caller.</summary>
    public IAsyncEnumerable<DeltaPage> ContactsAsync(string folder, string property, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            _outlook.Request(
                $"/users/{mailbox}/contactFolders/{Uri.EscapeDataString(folder)}/contacts?$select=id&"
                    + $"$expand=singleValueExtendedProperties($filter={Uri.EscapeDataString($"id eq '{property}'")})"
            ),
            PageSize,
            PageKind.Listing,
            cancellationToken
        );

    /// <summary>Creates a contact.</summary>
    /// <returns>Its id.</returns>
    public Task<string> CreateAsync(string folder, byte[] json, CancellationToken cancellationToken) =>
        _outlook.CreateAsync($"/users/{mailbox}/contactFolders/{Uri.EscapeDataString(folder)}/contacts", json, cancellationToken);

    /// <summary>Gives a contact its photo, at most 4 MB.</summary>
    public async Task SetPhotoAsync(string contact, byte[] photo, CancellationToken cancellationToken)
    {
        await client.Governor.WriteAsync(_outlook.Scope, photo.Length, cancellationToken).ConfigureAwait(false);
        await client
            .PerformAsync(
                _outlook.Request($"/users/{mailbox}/contacts/{Uri.EscapeDataString(contact)}/photo/$value") with
                {
                    Method = HttpMethod.Put,
                    Body = photo,
                    ContentType = "image/jpeg",
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }
}
