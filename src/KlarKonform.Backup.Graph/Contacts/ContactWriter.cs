using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Contacts;

/// <summary>Writes contacts into one mailbox, for a restore. Thread-safe.</summary>
public sealed class ContactWriter(GraphClient client, string mailbox)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Contacts.ReadWrite";

    private const int PageSize = 500;

    private readonly GraphScope _scope = GraphScope.Mailbox(mailbox);

    /// <summary>Makes a folder below another.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> CreateFolderAsync(string parent, string name, CancellationToken cancellationToken)
    {
        using var created = await client.GetJsonAsync(Request($"/users/{mailbox}/contactFolders/{Uri.EscapeDataString(parent)}/childFolders") with { Body = JsonSerializer.SerializeToUtf8Bytes(new { displayName = name }), IsCreation = true }, cancellationToken).ConfigureAwait(false);
        return created.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>What tells contacts of a folder apart: their ids, and a property of the caller's.</summary>
    public IAsyncEnumerable<DeltaPage> ContactsAsync(string folder, string property, CancellationToken cancellationToken) => DeltaReader.ReadAsync(client,
        Request($"/users/{mailbox}/contactFolders/{Uri.EscapeDataString(folder)}/contacts?$select=id&$expand=singleValueExtendedProperties($filter={Uri.EscapeDataString($"id eq '{property}'")})"), PageSize, cancellationToken);

    /// <summary>Makes a contact.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> CreateAsync(string folder, byte[] json, CancellationToken cancellationToken)
    {
        await client.Governor.WriteAsync(_scope, json.Length, cancellationToken).ConfigureAwait(false);
        using var created = await client.GetJsonAsync(Request($"/users/{mailbox}/contactFolders/{Uri.EscapeDataString(folder)}/contacts") with { Body = json, IsCreation = true }, cancellationToken).ConfigureAwait(false);
        return created.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>Gives a contact its photo, at most 4 MB.</summary>
    public async Task SetPhotoAsync(string contact, byte[] photo, CancellationToken cancellationToken)
    {
        await client.Governor.WriteAsync(_scope, photo.Length, cancellationToken).ConfigureAwait(false);
        await client.PerformAsync(Request($"/users/{mailbox}/contacts/{Uri.EscapeDataString(contact)}/photo/$value") with { Method = HttpMethod.Put, Body = photo, ContentType = "image/jpeg" }, cancellationToken).ConfigureAwait(false);
    }

    private GraphRequest Request(string path) => new(_scope, client.Address(path)) { Permission = Permission, Prefer = OutlookPreferences.ImmutableIds };
}
