using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Drives;

/// <summary>
/// Writing files (api-reference/v1.0: driveitem-post-children, driveitem-put-content, driveitem-createuploadsession, driveitem-invite,
/// driveitem-createlink).
/// </summary>
internal sealed class DriveWriteEndpoints(DemoTenantModel tenant, DriveEndpoints drives, UploadSessions uploads)
{
    private const string Permission = "Files.ReadWrite.All";
    private const string Behavior = "@microsoft.graph.conflictBehavior";
    private static readonly System.Buffers.SearchValues<char> s_forbidden = System.Buffers.SearchValues.Create("\"*:<>?/\\|");

    public void Map(GraphRoutes routes)
    {
        void Add(string method, string pattern, string kind, int cost, Func<HttpContext, RouteValues, Task> handler) =>
            routes.SharePoint("/drives/{drive}/items/" + pattern, Permission, kind, _ => cost, handler, method);
        Add("POST", "{item}/children", "createDriveFolder", 2, CreateFolder);
        Add("PUT", "{item}:/{name}:/content", "putContent", 2, Put);
        Add("POST", "{item}:/{name}:/createUploadSession", "uploadSession", 2, Session);
        Add("PATCH", "{item}", "changeItem", 2, Change);
        Add("POST", "{item}/invite", "invite", 5, Invite);
        Add("POST", "{item}/createLink", "createLink", 5, Link);
    }

    private Task CreateFolder(HttpContext context, RouteValues values)
    {
        var json = GraphRoutes.Json(context);
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var (drive, parent) = Folder(values);
                var name = Legal(CreatedMime.Text(json, "name"));
                if (Find(drive, parent, name) is not null)
                    throw Taken();
                var folder = drive.Add(
                    new DemoDriveItem
                    {
                        Id = NewId(),
                        Name = name,
                        ParentId = parent.Id,
                        IsFolder = true,
                        Modified = DateTimeOffset.UtcNow,
                    }
                );
                context.Response.StatusCode = 201;
                return DriveJson.Of(drive, folder);
            }
        );
    }

    private Task Put(HttpContext context, RouteValues values)
    {
        var bytes = GraphRoutes.Body(context);
        var behavior = context.Request.Query[Behavior].ToString() is { Length: > 0 } given ? given : "replace";
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var (drive, parent) = Folder(values);
                context.Response.StatusCode = 201;
                return Write(drive, parent, Legal(values["name"]), bytes, behavior, DateTimeOffset.UtcNow);
            }
        );
    }

    private Task Session(HttpContext context, RouteValues values)
    {
        var item = GraphRoutes.Json(context).TryGetProperty("item", out var given) ? given : default;
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var (drive, parent) = Folder(values);
                var name = Legal(values["name"]);
                var behavior = CreatedMime.Text(item, Behavior) is { Length: > 0 } wished ? wished : "fail";
                var modified = item.TryGetProperty("fileSystemInfo", out var times)
                    ? CreatedMime.Time(CreatedMime.Text(times, "lastModifiedDateTime"))
                    : null;
                if (behavior == "fail" && Find(drive, parent, name) is not null)
                    throw Taken();
                return new
                {
                    uploadUrl = uploads.Issue(
                        isAttachment: false,
                        bytes =>
                        {
                            lock (tenant)
                                return JsonSerializer.SerializeToElement(
                                    Write(drive, parent, name, bytes, behavior, modified ?? DateTimeOffset.UtcNow)
                                );
                        }
                    ),
                    expirationDateTime = DateTimeOffset.UtcNow.AddHours(1),
                };
            }
        );
    }

    private Task Change(HttpContext context, RouteValues values)
    {
        var json = GraphRoutes.Json(context);
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var drive = drives.Drive(values["drive"]);
                var item = drive.Items.GetValueOrDefault(values["item"]) ?? throw NotFound();
                if (
                    json.TryGetProperty("fileSystemInfo", out var times)
                    && CreatedMime.Time(CreatedMime.Text(times, "lastModifiedDateTime")) is { } modified
                )
                    item.Modified = modified;
                return DriveJson.Of(drive, item);
            }
        );
    }

    private Task Invite(HttpContext context, RouteValues values)
    {
        var json = GraphRoutes.Json(context);
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var drive = drives.Drive(values["drive"]);
                var item = drive.Items.GetValueOrDefault(values["item"]) ?? throw NotFound();
                if (json.TryGetProperty("sendInvitation", out var send) && send.GetBoolean())
                    throw new GraphErrorException(400, "invalidRequest", "An app cannot send sharing invitations.");
                foreach (var recipient in json.GetProperty("recipients").EnumerateArray())
                    drive.Share(
                        item,
                        new DemoPermission(NewId(), json.GetProperty("roles")[0].GetString()!, null, CreatedMime.Text(recipient, "email"))
                    );
                return new { value = item.Permissions.Select(DriveJson.Of) };
            }
        );
    }

    private Task Link(HttpContext context, RouteValues values)
    {
        var json = GraphRoutes.Json(context);
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var drive = drives.Drive(values["drive"]);
                var item = drive.Items.GetValueOrDefault(values["item"]) ?? throw NotFound();
                var permission = new DemoPermission(
                    NewId(),
                    CreatedMime.Text(json, "type") == "edit" ? "write" : "read",
                    CreatedMime.Text(json, "scope"),
                    null
                );
                drive.Share(item, permission);
                context.Response.StatusCode = 201;
                return DriveJson.Of(permission);
            }
        );
    }

    private static Dictionary<string, object?> Write(
        DemoDrive drive,
        DemoDriveItem parent,
        string name,
        byte[] bytes,
        string behavior,
        DateTimeOffset modified
    )
    {
        var present = Find(drive, parent, name);
        if (present is not null && behavior == "fail")
            throw Taken();
        if (present is not null && behavior == "replace")
        {
            if (present.IsFolder)
                throw Taken();
            present.Content = bytes;
            drive.Write(present, present.Seed, bytes.Length, modified);
            return DriveJson.Of(drive, present);
        }

        for (var number = 1; present is not null; number++)
        {
            var renamed = string.Create(
                CultureInfo.InvariantCulture,
                $"{Path.GetFileNameWithoutExtension(name)} {number}{Path.GetExtension(name)}"
            );
            present = Find(drive, parent, renamed);
            if (present is null)
                name = renamed;
        }

        return DriveJson.Of(
            drive,
            drive.Add(
                new DemoDriveItem
                {
                    Id = NewId(),
                    Name = name,
                    ParentId = parent.Id,
                    Size = bytes.Length,
                    Content = bytes,
                    Modified = modified,
                }
            )
        );
    }

    private (DemoDrive Drive, DemoDriveItem Folder) Folder(RouteValues values)
    {
        var drive = drives.Drive(values["drive"]);
        var folder = values["item"] == "root" ? drive.Root : drive.Items.GetValueOrDefault(values["item"]) ?? throw NotFound();
        return folder.IsFolder || folder.IsNotebook
            ? (drive, folder)
            : throw new GraphErrorException(400, "invalidRequest", "The parent is no folder.");
    }

    // "Restrictions and limitations in OneDrive and SharePoint".
    private static string Legal(string name) =>
        name.Length > 0
        && name.AsSpan().IndexOfAny(s_forbidden) < 0
        && name == name.Trim()
        && !name.EndsWith('.')
        && !name.StartsWith("~$", StringComparison.Ordinal)
            ? name
            : throw new GraphErrorException(400, "invalidRequest", "The provided name cannot contain illegal characters.", "nameInvalid");

    private static DemoDriveItem? Find(DemoDrive drive, DemoDriveItem parent, string name) =>
        drive.Items.Values.FirstOrDefault(each =>
            each.ParentId == parent.Id && string.Equals(each.Name, name, StringComparison.OrdinalIgnoreCase)
        );

    private static GraphErrorException Taken() => new(409, "nameAlreadyExists", "The specified item name already exists.");

    private static GraphErrorException NotFound() => new(404, "itemNotFound", "The resource could not be found.");

    private static string NewId() => "01NEW" + Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
}
