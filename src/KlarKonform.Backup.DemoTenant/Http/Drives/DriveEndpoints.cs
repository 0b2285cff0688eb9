using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Drives;

/// <summary>Users' drives: delta as api-reference/v1.0/api/driveitem-delta.md describes it for business drives, and downloads by redirect.</summary>
internal sealed class DriveEndpoints(DemoTenantModel tenant, RequestCounters counters, string graph)
{
    private readonly ConcurrentDictionary<string, (long Seed, long Size, bool Broken)> _downloads = new();
    private readonly ConcurrentDictionary<(long Seed, long Size), string> _hashes = new();

    /// <summary>Where pre-authenticated downloads are served: another host than Graph's.</summary>
    public string DownloadHost { get; set; } = "";

    /// <summary>Delta tokens older than this change are answered with 410; tests move it.</summary>
    public long OldestToken { get; set; }

    /// <summary>The next so many downloads break in the middle.</summary>
    public int BreakDownloads { get; set; }

    public void Map(GraphRoutes routes)
    {
        routes.SharePoint("/users/{user}/drive", "drive", _ => 1, (context, values) => UserDrive(context, values["user"]));
        routes.SharePoint("/drives/{drive}/root/delta", "driveDelta", request => request.Query.ContainsKey("token") ? 1 : 2, (context, values) => Delta(context, values["drive"]));
        routes.SharePoint("/drives/{drive}/items/{item}", "driveItem", _ => 1, (context, values) => GetItem(context, values["drive"], values["item"]));
        routes.SharePoint("/drives/{drive}/items/{item}/content", "content", _ => 1, (context, values) => Content(context, values["drive"], values["item"]));
    }

    /// <summary>The download host: no bearer token, ranges, a short-lived address.</summary>
    public async Task DownloadAsync(HttpContext context, string ticket)
    {
        counters.Count("download");
        if (context.Request.Headers.ContainsKey("Authorization"))
        {
            counters.Violate("a bearer token was sent to the download host");
            context.Response.StatusCode = 401;
            return;
        }

        if (!_downloads.TryGetValue(ticket, out var download))
        {
            context.Response.StatusCode = 404;
            return;
        }

        var (from, to) = (0L, download.Size - 1);
        if (System.Net.Http.Headers.RangeHeaderValue.TryParse(context.Request.Headers.Range, out var range) && range.Ranges.FirstOrDefault() is { From: { } start } first)
        {
            if (start >= download.Size)
            {
                context.Response.StatusCode = 416;
                return;
            }

            (from, to) = (start, Math.Min(first.To ?? to, to));
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{to}/{download.Size}");
        }

        context.Response.ContentLength = to - from + 1;
        context.Response.Headers.AcceptRanges = "bytes";
        var buffer = new byte[128 * 1024];
        for (var position = from; position <= to; position += buffer.Length)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, to - position + 1));
            if (download.Broken && from == 0 && position > to / 2)
            {
                context.Abort();
                return;
            }

            SeededContent.Fill(download.Seed, position, part.Span);
            await context.Response.Body.WriteAsync(part, context.RequestAborted);
        }
    }

    private Task UserDrive(HttpContext context, string idOrName)
    {
        lock (tenant)
        {
            var user = tenant.Users.FirstOrDefault(each => each.Id == idOrName || string.Equals(each.UserPrincipalName, idOrName, StringComparison.OrdinalIgnoreCase))
                ?? throw new GraphErrorException(404, "Request_ResourceNotFound", $"Resource '{idOrName}' does not exist.");
            var drive = user.Drive ?? throw new GraphErrorException(404, "ResourceNotFound", "User's mysite not found.");
            return context.Response.WriteAsJsonAsync(new
            {
                id = drive.Id,
                driveType = "business",
                name = "OneDrive",
                owner = new { user = new { id = user.Id, displayName = user.DisplayName } },
                quota = new { used = drive.Items.Values.Sum(item => item.Size) },
            });
        }
    }

    private Task Delta(HttpContext context, string driveId)
    {
        lock (tenant)
        {
            var drive = Drive(driveId);
            long from = 0;
            var start = tenant.Sequence;
            var skip = 0;
            if (context.Request.Query.TryGetValue("token", out var token))
            {
                var parts = ODataPaging.Decode(token.ToString()).Split('|');
                from = long.Parse(parts[0], CultureInfo.InvariantCulture);
                if (from > 0 && from < OldestToken)
                {
                    throw new GraphErrorException(410, "resyncRequired", "Resync required. Replace any local items with the server's version.", "resyncChangesApplyDifferences")
                    {
                        Location = $"{graph}/drives/{driveId}/root/delta",
                    };
                }

                if (parts.Length > 1)
                    (start, skip) = (long.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
            }

            var size = ODataPaging.PageSize(context.Request, 200, 5000);
            var ids = from == 0 ? [.. drive.Items.Keys] : drive.Changes.Since(from);
            var page = new Dictionary<string, object?>
            {
                ["@odata.context"] = $"{graph}/$metadata#Collection(driveItem)",
                ["value"] = ids.Skip(skip).Take(size).Select(id => drive.Items.TryGetValue(id, out var item) ? Item(drive, item) : Deleted(drive, id)).ToArray(),
            };
            var url = $"{graph}/drives/{driveId}/root/delta";
            if (skip + size < ids.Count)
                page["@odata.nextLink"] = $"{url}?token={ODataPaging.Encode($"{from}|{start}|{skip + size}")}";
            else
                page["@odata.deltaLink"] = $"{url}?token={ODataPaging.Encode($"{start}")}";
            return context.Response.WriteAsJsonAsync(page);
        }
    }

    private Task GetItem(HttpContext context, string driveId, string itemId)
    {
        lock (tenant)
        {
            var drive = Drive(driveId);
            return context.Response.WriteAsJsonAsync(Item(drive, Find(drive, itemId)));
        }
    }

    private Task Content(HttpContext context, string driveId, string itemId)
    {
        lock (tenant)
        {
            var item = Find(Drive(driveId), itemId);
            if (item.IsFolder)
                throw new GraphErrorException(400, "invalidRequest", "You cannot get content for a folder");
            if (item.IsMalware)
                throw new GraphErrorException(403, "accessDenied", "The file is infected.", "malwareDetected");
            var ticket = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
            _downloads[ticket] = (item.Seed, item.Size, BreakDownloads > 0);
            BreakDownloads = Math.Max(0, BreakDownloads - 1);
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = $"{DownloadHost}/download/{ticket}?tempauth={ticket}";
            return Task.CompletedTask;
        }
    }

    private DemoDrive Drive(string id) => tenant.Users.Select(user => user.Drive).FirstOrDefault(drive => drive?.Id == id)
        ?? throw new GraphErrorException(404, "itemNotFound", "The resource could not be found.");

    private static DemoDriveItem Find(DemoDrive drive, string id) => drive.Items.GetValueOrDefault(id)
        ?? throw new GraphErrorException(404, "itemNotFound", "The resource could not be found.");

    private Dictionary<string, object?> Item(DemoDrive drive, DemoDriveItem item)
    {
        // Business drives omit cTag and parentReference.path here.
        var time = item.Modified.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var json = new Dictionary<string, object?>
        {
            ["id"] = item.Id,
            ["name"] = item.Name,
            ["eTag"] = $"\"{{{item.Id}}},{item.Version}\"",
            ["size"] = item.IsFolder ? 0 : item.Size,
            ["createdDateTime"] = time,
            ["lastModifiedDateTime"] = time,
            ["webUrl"] = $"https://demo-my.sharepoint.example/{Uri.EscapeDataString(item.Name)}",
            ["parentReference"] = item.ParentId is null ? new { driveType = "business", driveId = drive.Id, id = (string?)null } : new { driveType = "business", driveId = drive.Id, id = (string?)item.ParentId },
            ["fileSystemInfo"] = new { createdDateTime = time, lastModifiedDateTime = time },
        };
        if (item.ParentId is null)
            json["root"] = new { };
        if (item.IsFolder)
            json["folder"] = new { childCount = drive.Items.Values.Count(child => child.ParentId == item.Id) };
        else
            json["file"] = new { mimeType = "application/octet-stream", hashes = new { quickXorHash = _hashes.GetOrAdd((item.Seed, item.Size), key => PlainQuickXorHash.Of(key.Seed, key.Size)) } };
        if (item.IsMalware)
            json["malware"] = new { description = "Eicar" };
        return json;
    }

    private static Dictionary<string, object?> Deleted(DemoDrive drive, string id) => new()
    {
        ["id"] = id,
        ["parentReference"] = new { driveType = "business", driveId = drive.Id },
        ["deleted"] = new { state = "deleted" },
    };
}
