using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Drives;

/// <summary>Drives of users and of libraries: delta, items, permissions, versions, and downloads by redirect.</summary>
internal sealed class DriveEndpoints(DemoTenantModel tenant, Downloads downloads, TokenPages pages, DemoTenantOptions options)
{
    private const int ManyPermissions = 5;
    private const string Permission = "Files.Read.All";

    public void Map(GraphRoutes routes)
    {
        routes.SharePoint("/users/{user}/drive", Permission, "drive", _ => 1, (context, values) => UserDrive(context, values["user"]));
        routes.SharePoint(
            "/drives/{drive}",
            Permission,
            "drive",
            _ => 1,
            (context, values) => context.AnswerAsync(tenant, () => Json(Drive(values["drive"])))
        );
        routes.SharePoint(
            "/drives/{drive}/root",
            Permission,
            "driveItem",
            _ => 1,
            (context, values) => context.AnswerAsync(tenant, () => DriveJson.Of(Drive(values["drive"]), Drive(values["drive"]).Root))
        );
        routes.SharePoint(
            "/drives/{drive}/root/children",
            Permission,
            "children",
            _ => 2,
            (context, values) => Children(context, values["drive"], null)
        );
        routes.SharePoint(
            "/drives/{drive}/items/{item}/children",
            Permission,
            "children",
            _ => 2,
            (context, values) => Children(context, values["drive"], values["item"])
        );
        routes.SharePoint(
            "/drives/{drive}/root/delta",
            Permission,
            "driveDelta",
            request => request.Query.ContainsKey("token") ? 1 : 2,
            (context, values) => Delta(context, values["drive"])
        );
        routes.SharePoint(
            "/drives/{drive}/items/{item}",
            Permission,
            "driveItem",
            _ => 1,
            (context, values) =>
                context.AnswerAsync(tenant, () => WithAddress(DriveJson.Of(Drive(values["drive"]), Find(values)), Find(values)))
        );
        routes.SharePoint(
            "/drives/{drive}/items/{item}/permissions",
            Permission,
            "permissions",
            _ => ManyPermissions,
            (context, values) => context.AnswerAsync(tenant, () => new { value = Find(values).Permissions.Select(DriveJson.Of) })
        );
        routes.SharePoint(
            "/drives/{drive}/items/{item}/versions",
            Permission,
            "versions",
            _ => 2,
            (context, values) => context.AnswerAsync(tenant, () => new { value = DriveJson.Versions(Find(values)) })
        );
        routes.SharePoint(
            "/drives/{drive}/items/{item}/content",
            Permission,
            "content",
            _ => 1,
            (context, values) =>
                Redirect(
                    context,
                    () =>
                    {
                        var item = Find(values);
                        Refuse(item);
                        return downloads.Issue(
                            item.Seed,
                            item.ServedContent?.Length ?? item.Size + item.ServedLonger,
                            item.ServedContent ?? item.Content
                        );
                    }
                )
        );
        routes.SharePoint(
            "/drives/{drive}/items/{item}/versions/{version}/content",
            Permission,
            "versionContent",
            _ => 1,
            (context, values) =>
                Redirect(
                    context,
                    () =>
                    {
                        var version =
                            Find(values).OlderVersions.FirstOrDefault(each => each.Id == values["version"])
                            ?? throw new GraphErrorException(400, "invalidRequest", "You cannot get the content of the current version.");
                        return downloads.Issue(version.Seed, version.Size);
                    }
                )
        );
    }

    /// <summary>A drive; call it under the tenant's lock.</summary>
    public DemoDrive Drive(string id)
    {
        if (
            tenant
                .Sites.SelectMany(site => site.AndBelow)
                .FirstOrDefault(site => site.IsLocked && site.Libraries.Any(drive => drive.Id == id))
            is not null
        )
            throw Locked();
        return tenant.Drives.FirstOrDefault(drive => drive.Id == id)
            ?? throw new GraphErrorException(404, "itemNotFound", "The resource could not be found.");
    }

    /// <summary>The answer to all requests for a locked site.</summary>
    public static GraphErrorException Locked() => new(423, "notAllowed", "Access to this site has been blocked.", "resourceLocked");

    public static Dictionary<string, object?> Json(DemoDrive drive) =>
        new()
        {
            ["id"] = drive.Id,
            ["driveType"] = drive.Type,
            ["name"] = drive.Name,
            ["quota"] = new { used = 0 },
        };

    private Task UserDrive(HttpContext context, string idOrName) =>
        context.AnswerAsync(
            tenant,
            () =>
            {
                var user =
                    tenant.Users.FirstOrDefault(each =>
                        each.Id == idOrName || string.Equals(each.UserPrincipalName, idOrName, StringComparison.OrdinalIgnoreCase)
                    ) ?? throw new GraphErrorException(404, "Request_ResourceNotFound", $"Resource '{idOrName}' does not exist.");
                var json = Json(
                    Drive((user.Drive ?? throw new GraphErrorException(404, "ResourceNotFound", "User's mysite not found.")).Id)
                );
                json["owner"] = new { user = new { id = user.Id, displayName = user.DisplayName } };
                return json;
            }
        );

    private Task Delta(HttpContext context, string driveId) =>
        context.AnswerAsync(
            tenant,
            () =>
            {
                var drive = Drive(driveId);

                // "deltaExcludeParent: true": only changed items. Otherwise the folders above them are returned too, and first.
                var alone = context.Request.Headers["deltaExcludeParent"] == "true";
                var page = pages.Page(
                    context.Request,
                    $"/drives/{driveId}/root/delta",
                    200,
                    () => [.. drive.Items.Keys],
                    drive.Changes,
                    id =>
                        drive.Items.TryGetValue(id, out var item)
                            ? WithAddress(DriveJson.Of(drive, item), item)
                            : DriveJson.Deleted(drive, id)
                );
                if (!alone && context.Request.Query.ContainsKey("token"))
                    page["value"] = WithAncestors(drive, (List<object>)page["value"]!);
                return page;
            }
        );

    private static List<object> WithAncestors(DemoDrive drive, List<object> entries)
    {
        var named = entries.Cast<Dictionary<string, object?>>().Select(entry => (string)entry["id"]!).ToHashSet();
        var result = new List<object>();
        foreach (var id in named.ToArray())
        {
            for (
                var parent = drive.Items.GetValueOrDefault(id)?.ParentId;
                parent is not null && named.Add(parent);
                parent = drive.Items[parent].ParentId
            )
                result.Insert(0, DriveJson.Of(drive, drive.Items[parent]));
        }

        return [.. result, .. entries];
    }

    private Task Children(HttpContext context, string driveId, string? folder) =>
        context.AnswerAsync(
            tenant,
            () =>
            {
                var drive = Drive(driveId);
                var parent = folder is null or "root"
                    ? drive.Root
                    : drive.Items.GetValueOrDefault(folder)
                        ?? throw new GraphErrorException(404, "itemNotFound", "The resource could not be found.");
                return new
                {
                    value = drive
                        .Items.Values.Where(item => item.ParentId == parent.Id)
                        .Select(item => WithAddress(DriveJson.Of(drive, item), item))
                        .ToArray(),
                };
            }
        );

    private Dictionary<string, object?> WithAddress(Dictionary<string, object?> json, DemoDriveItem item)
    {
        if (options.DownloadAddresses && !item.IsFolder && !item.IsMalware && !item.IsShortcut && !item.IsContentMissing)
            json["@microsoft.graph.downloadUrl"] = downloads.Issue(
                item.Seed,
                item.ServedContent?.Length ?? item.Size + item.ServedLonger,
                item.ServedContent ?? item.Content
            );
        return json;
    }

    private static void Refuse(DemoDriveItem item)
    {
        if (item.IsFolder || item.IsShortcut)
            throw new GraphErrorException(400, "invalidRequest", "You cannot get content for a folder");
        if (item.IsMalware)
            throw new GraphErrorException(403, "accessDenied", "The file is infected.", "malwareDetected");
        if (item.IsContentMissing)
            throw new GraphErrorException(404, "itemNotFound", "The resource could not be found.");
    }

    /// <summary>The item that a request names; call it under the tenant's lock.</summary>
    public DemoDriveItem Find(RouteValues values)
    {
        var drive = Drive(values["drive"]);
        return values["item"] == "root"
            ? drive.Root
            : drive.Items.GetValueOrDefault(values["item"])
                ?? throw new GraphErrorException(404, "itemNotFound", "The resource could not be found.");
    }

    private Task Redirect(HttpContext context, Func<string> address)
    {
        lock (tenant)
            context.Response.Headers.Location = address();
        context.Response.StatusCode = 302;
        return Task.CompletedTask;
    }
}
