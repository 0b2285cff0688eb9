using System.Collections.Concurrent;
using System.Globalization;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Drives;

/// <summary>Drive items as Graph returns them for business drives: no <c>cTag</c> in delta, no <c>parentReference.path</c>.</summary>
internal static class DriveJson
{
    private static readonly ConcurrentDictionary<(long Seed, long Size), string> s_hashes = new();

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    public static Dictionary<string, object?> Of(DemoDrive drive, DemoDriveItem item)
    {
        var time = Time(item.Modified);
        var json = new Dictionary<string, object?>
        {
            ["id"] = item.Id,
            ["name"] = item.Name,
            ["eTag"] = $"\"{{{item.Id}}},{item.Version}\"",
            ["size"] = item.IsFolder ? 0 : item.Size,
            ["createdDateTime"] = time,
            ["lastModifiedDateTime"] = time,
            ["createdBy"] = new { user = new { displayName = item.CreatedBy } },
            ["lastModifiedBy"] = new { user = new { displayName = item.ModifiedBy } },
            ["webUrl"] = $"https://demo-my.sharepoint.example/{Uri.EscapeDataString(item.Name)}",
            ["parentReference"] = item.ParentId is null
                ? new
                {
                    driveType = drive.Type,
                    driveId = drive.Id,
                    id = (string?)null,
                }
                : new
                {
                    driveType = drive.Type,
                    driveId = drive.Id,
                    id = (string?)item.ParentId,
                },
            ["fileSystemInfo"] = new { createdDateTime = time, lastModifiedDateTime = time },
        };
        if (item.ParentId is null)
            json["root"] = new { };
        if (item.IsShortcut)
            json["remoteItem"] = new
            {
                id = "01ELSEWHERE",
                parentReference = new { driveId = "b!elsewhere" },
                folder = new { },
            };
        else if (item.IsNotebook)
            json["package"] = new { type = "oneNote" };
        else if (item.IsFolder)
            json["folder"] = new { childCount = drive.ChildCount(item) };
        else
            json["file"] = new
            {
                mimeType = "application/octet-stream",
                hashes = item.Size == 0 ? null
                : item.Content is { } content ? new { quickXorHash = PlainQuickXorHash.Of(content) }
                : new { quickXorHash = s_hashes.GetOrAdd((item.Seed, item.Size), key => PlainQuickXorHash.Of(key.Seed, key.Size)) },
            };
        if (item.IsMalware)
            json["malware"] = new { description = "Eicar" };
        if (item.Permissions.Count > 0)
            json["shared"] = new { scope = item.Permissions[0].LinkScope ?? "users" };
        return json;
    }

    /// <summary>After its deletion an item has neither name nor parent.</summary>
    public static Dictionary<string, object?> Deleted(DemoDrive drive, string id) =>
        new()
        {
            ["id"] = id,
            ["parentReference"] = new { driveType = drive.Type, driveId = drive.Id },
            ["deleted"] = new { state = "deleted" },
        };

    public static Dictionary<string, object?> Of(DemoPermission permission)
    {
        var json = new Dictionary<string, object?> { ["id"] = permission.Id, ["roles"] = new[] { permission.Role } };
        if (permission.LinkScope is { } scope)
            json["link"] = new
            {
                type = permission.Role == "write" ? "edit" : "view",
                scope,
                webUrl = $"https://demo.sharepoint.example/:x:/{permission.Id}",
                preventsDownload = false,
            };
        if (permission.Person is { } person)
            json["grantedToV2"] = new
            {
                user = new
                {
                    displayName = person,
                    email = person.Contains('@', StringComparison.Ordinal) ? person : $"{person.Replace(' ', '.')}@demo.example",
                },
            };
        return json;
    }

    /// <summary>Newest version first, as Graph lists them.</summary>
    public static IEnumerable<Dictionary<string, object?>> Versions(DemoDriveItem item) =>
        item
            .OlderVersions.Append(new DemoFileVersion($"{item.OlderVersions.Count + 1}.0", item.Seed, item.Size, item.Modified))
            .Reverse()
            .Select(version => new Dictionary<string, object?>
            {
                ["id"] = version.Id,
                ["size"] = version.Size,
                ["lastModifiedDateTime"] = Time(version.Modified),
                ["lastModifiedBy"] = new { user = new { displayName = "Anna Muster" } },
            });
}
