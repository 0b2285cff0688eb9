using System.Runtime.CompilerServices;
using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Directory;

/// <summary>Users of the tenant (api-reference/v1.0/api/user-list.md).</summary>
public sealed class DirectoryApi(GraphClient client)
{
    /// <summary>Every user. Needs User.Read.All.</summary>
    public async IAsyncEnumerable<GraphUser> UsersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var start = client.Address("/users?$select=id,userPrincipalName,displayName&$top=999");
        await foreach (var page in DeltaReader.ReadAsync(client, GraphScope.Directory, start, null, cancellationToken).ConfigureAwait(false))
        {
            foreach (var item in page.Items)
                yield return new GraphUser(item.GetProperty("id").GetString()!, Text(item, "userPrincipalName"), Text(item, "displayName"));
        }
    }

    private static string Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
