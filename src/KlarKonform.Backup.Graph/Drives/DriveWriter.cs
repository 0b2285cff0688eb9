using System.Text.Json;
using KlarKonform.Backup.Graph.Delta;
using KlarKonform.Backup.Graph.Governing;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Graph.Drives;

/// <summary>Writes files and folders into drives, for a restore. Costs are those that SharePoint charges. Thread-safe.</summary>
public sealed class DriveWriter(GraphClient client)
{
    /// <summary>The application permission for everything here.</summary>
    public const string Permission = "Files.ReadWrite.All";

    private const string Behavior = "@microsoft.graph.conflictBehavior";
    private const int WriteCost = 2;
    private const int PermissionCost = 5;

    // A multiple of 320 KiB, as required for every piece except the last; larger ones gain nothing.
    private const int PieceSize = 32 * 320 * 1024;

    /// <summary>The root folder's id.</summary>
    public async Task<string> RootAsync(string drive, CancellationToken cancellationToken)
    {
        using var root = await client
            .GetJsonAsync(Request(drive, $"/drives/{drive}/root?$select=id") with { Cost = 1 }, cancellationToken)
            .ConfigureAwait(false);
        return root.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>The contents of a folder.</summary>
    public IAsyncEnumerable<DeltaPage> ChildrenAsync(string drive, string folder, CancellationToken cancellationToken) =>
        DeltaReader.ReadAsync(
            client,
            Request(drive, $"/drives/{drive}/items/{folder}/children?$top=999"),
            null,
            PageKind.Listing,
            cancellationToken
        );

    /// <summary>Creates a folder.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="GraphException">With status 409 if the name is taken.</exception>
    public async Task<string> CreateFolderAsync(string drive, string parent, string name, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new Dictionary<string, object>
            {
                ["name"] = name,
                ["folder"] = new { },
                [Behavior] = "fail",
            }
        );
        using var created = await client
            .GetJsonAsync(
                Request(drive, $"/drives/{drive}/items/{parent}/children") with
                {
                    Body = body,
                    IsCreation = true,
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        return created.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>Writes a file with its times.</summary>
    /// <param name="drive">The drive.</param>
    /// <param name="parent">The folder.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="size">Their number.</param>
    /// <param name="created">When it was created, according to the client; UTC.</param>
    /// <param name="modified">When it was last changed, according to the client; UTC.</param>
    /// <param name="behavior">What to do if the name is taken: fail, replace or rename.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The item as SharePoint describes it.</returns>
    /// <exception cref="GraphException">With status 409 if the name is taken and <paramref name="behavior"/> says fail.</exception>
    public async Task<JsonElement> WriteAsync(
        string drive,
        string parent,
        string name,
        Stream content,
        long size,
        DateTimeOffset created,
        DateTimeOffset modified,
        string behavior,
        CancellationToken cancellationToken
    )
    {
        var path = $"/drives/{drive}/items/{parent}:/{Uri.EscapeDataString(name)}:";
        var times = new { createdDateTime = created.UtcDateTime, lastModifiedDateTime = modified.UtcDateTime };
        if (size == 0)
        {
            // An upload session cannot carry an empty file. The times follow in a request of their own.
            using var empty = await EmptyAsync(drive, path, behavior, cancellationToken).ConfigureAwait(false);
            using var dated = await client
                .GetJsonAsync(
                    Request(drive, $"/drives/{drive}/items/{empty.RootElement.GetProperty("id").GetString()}") with
                    {
                        Method = HttpMethod.Patch,
                        Body = JsonSerializer.SerializeToUtf8Bytes(new { fileSystemInfo = times }),
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            return dated.RootElement.Clone();
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                item = new Dictionary<string, object>
                {
                    [Behavior] = behavior,
                    ["name"] = name,
                    ["fileSystemInfo"] = times,
                },
            }
        );
        using var session = await client
            .GetJsonAsync(Request(drive, $"{path}/createUploadSession") with { Body = body }, cancellationToken)
            .ConfigureAwait(false);
        return await new UploadSession(
            client,
            new Uri(session.RootElement.GetProperty("uploadUrl").GetString()!),
            GraphScope.Drive(drive),
            PieceSize
        )
            .SendAsync(content, size, cancellationToken)
            .ConfigureAwait(false);
    }

    private async Task<JsonDocument> EmptyAsync(string drive, string path, string behavior, CancellationToken cancellationToken)
    {
        GraphRequest Put(string how) =>
            Request(drive, $"{path}/content?{Behavior}={how}") with
            {
                Method = HttpMethod.Put,
                Body = [],
                ContentType = "application/octet-stream",
            };
        try
        {
            return await client.GetJsonAsync(Put(behavior) with { IsCreation = true }, cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.Unreachable)
        {
            // Created or not: replacing an empty file with an empty file changes nothing.
            return await client.GetJsonAsync(Put("replace"), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gives people access to an item, without notifying them.</summary>
    public Task InviteAsync(
        string drive,
        string item,
        IReadOnlyList<object> recipients,
        IReadOnlyList<string> roles,
        CancellationToken cancellationToken
    ) =>
        client.PerformAsync(
            Request(drive, $"/drives/{drive}/items/{item}/invite") with
            {
                Cost = PermissionCost,
                Body = JsonSerializer.SerializeToUtf8Bytes(
                    new
                    {
                        recipients,
                        roles,
                        requireSignIn = true,
                        sendInvitation = false,
                        retainInheritedPermissions = true,
                    }
                ),
            },
            cancellationToken
        );

    /// <summary>Creates a sharing link; its URL is a new one.</summary>
    public Task LinkAsync(string drive, string item, string type, string scope, CancellationToken cancellationToken) =>
        client.PerformAsync(
            Request(drive, $"/drives/{drive}/items/{item}/createLink") with
            {
                Cost = PermissionCost,
                Body = JsonSerializer.SerializeToUtf8Bytes(new { type, scope }),
            },
            cancellationToken
        );

    private GraphRequest Request(string drive, string path) =>
        new(GraphScope.Drive(drive), client.Address(path)) { Permission = Permission, Cost = WriteCost };
}
