using System.Runtime.CompilerServices;
using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Directory;

/// <summary>Users, organisational contacts and groups of the tenant.</summary>
public sealed class DirectoryApi(GraphClient client)
{
    /// <summary>The application permission for users and their photos.</summary>
    public const string UserPermission = "User.Read.All";

    /// <summary>The application permission for organisational contacts.</summary>
    public const string ContactPermission = "OrgContact.Read.All";

    /// <summary>The application permission for groups and their members.</summary>
    public const string GroupPermission = "Group.Read.All";

    // What an address book contains, and what a restore needs. Changes of a property that is not selected are not reported.
    private const string UserProperties =
        "id,userPrincipalName,displayName,givenName,surname,mail,mailNickname,proxyAddresses,otherMails,imAddresses,"
        + "accountEnabled,userType,jobTitle,department,"
        + "companyName,officeLocation,employeeId,businessPhones,mobilePhone,faxNumber,streetAddress,city,state,postalCode,"
        + "country,usageLocation,preferredLanguage,showInAddressList,assignedLicenses,onPremisesSyncEnabled";

    private const string ContactProperties =
        "id,displayName,givenName,surname,mail,mailNickname,proxyAddresses,jobTitle,department,companyName,phones,addresses,"
        + "onPremisesSyncEnabled";

    private const string GroupProperties =
        "id,displayName,description,mail,mailEnabled,mailNickname,proxyAddresses,securityEnabled,groupTypes,visibility,"
        + "members,onPremisesSyncEnabled";

    /// <summary>Every user, with the properties that name one.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <param name="onNameless">Is told of entries that name no user: a user exists, but it is unknown who.</param>
    public async IAsyncEnumerable<GraphUser> UsersAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken,
        Action<int>? onNameless = null
    )
    {
        var start = Request("/users?$select=id,userPrincipalName,displayName,assignedLicenses&$top=999", UserPermission);
        await foreach (var page in DeltaReader.ReadAsync(client, start, null, PageKind.Listing, cancellationToken).ConfigureAwait(false))
        {
            if (!page.IsWhole)
                onNameless?.Invoke(page.Nameless + page.Unread);
            foreach (var item in page.Items)
                yield return new GraphUser(
                    Text(item, "id"),
                    Text(item, "userPrincipalName") is { Length: > 0 } name && !name.Contains('\uFFFD', StringComparison.Ordinal)
                        ? name
                        : Text(item, "id"),
                    Text(item, "displayName"),
                    item.TryGetProperty("assignedLicenses", out var licences)
                        && licences.ValueKind == JsonValueKind.Array
                        && licences.GetArrayLength() > 0
                );
        }
    }

    /// <summary>Whether a user with this id or user name exists.</summary>
    public async Task<bool> ExistsAsync(string user, CancellationToken cancellationToken)
    {
        try
        {
            using var found = await client
                .GetJsonAsync(Request($"/users/{Uri.EscapeDataString(user)}?$select=id", UserPermission), cancellationToken)
                .ConfigureAwait(false);
            return true;
        }
        catch (GraphException exception) when (exception.Kind is GraphErrorKind.NotFound or GraphErrorKind.ResourceGone)
        {
            return false;
        }
    }

    /// <summary>A user, contact or group as it is now.</summary>
    /// <param name="collection">users, contacts or groups.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.ResourceGone"/> or NotFound: it is gone.</exception>
    public Task<JsonDocument> EntryAsync(string collection, string id, CancellationToken cancellationToken) =>
        client.GetJsonAsync(
            collection switch
            {
                "users" => Request($"/users/{Uri.EscapeDataString(id)}?$select={UserProperties}", UserPermission),
                "contacts" => Request($"/contacts/{Uri.EscapeDataString(id)}?$select={ContactProperties}", ContactPermission),
                _ => Request(
                    $"/groups/{Uri.EscapeDataString(id)}?$select={GroupProperties.Replace("members,", "", StringComparison.Ordinal)}",
                    GroupPermission
                ),
            },
            cancellationToken
        );

    /// <summary>All users; then their changes. A changed user comes with at least the properties that changed.</summary>
    public IAsyncEnumerable<DeltaPage> UserDeltaAsync(Uri? link, CancellationToken cancellationToken) =>
        Delta(link, $"/users/delta?$select={UserProperties}", UserPermission, cancellationToken);

    /// <summary>All organisational contacts; then their changes.</summary>
    public IAsyncEnumerable<DeltaPage> ContactDeltaAsync(Uri? link, CancellationToken cancellationToken) =>
        Delta(link, $"/contacts/delta?$select={ContactProperties}", ContactPermission, cancellationToken);

    /// <summary>All groups with their members (<c>members@delta</c>); then the changes of both.</summary>
    public IAsyncEnumerable<DeltaPage> GroupDeltaAsync(Uri? link, CancellationToken cancellationToken) =>
        Delta(link, $"/groups/delta?$select={GroupProperties}", GroupPermission, cancellationToken);

    /// <summary>Proves that organisational contacts and groups can be read.</summary>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        using var contacts = await client
            .GetJsonAsync(Request("/contacts?$select=id&$top=1", ContactPermission), cancellationToken)
            .ConfigureAwait(false);
        using var groups = await client
            .GetJsonAsync(Request("/groups?$select=id&$top=1", GroupPermission), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>A user's photo in its largest size, or null.</summary>
    public async Task<byte[]?> PhotoAsync(string user, CancellationToken cancellationToken)
    {
        try
        {
            // Photos are stored in the mailbox and count against its limits.
            using var answer = await client
                .SendAsync(
                    new GraphRequest(GraphScope.Mailbox(user), client.Address($"/users/{user}/photo/$value"))
                    {
                        Permission = UserPermission,
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            return PhotoBytes.Checked(await answer.Response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (GraphException exception)
            when (exception.Kind is GraphErrorKind.NotFound or GraphErrorKind.NotProvisioned or GraphErrorKind.ResourceGone)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new GraphException(GraphErrorKind.Unreachable, null, GraphException.BrokenAnswer, exception.Message, exception);
        }
    }

    private IAsyncEnumerable<DeltaPage> Delta(Uri? link, string path, string permission, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            link is null ? Request(path, permission) : Request("", permission) with { Address = link },
            null,
            PageKind.Delta,
            cancellationToken
        );

    private GraphRequest Request(string path, string permission) =>
        new(GraphScope.Directory, client.Address(path)) { Permission = permission };

    private static string Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";
}
