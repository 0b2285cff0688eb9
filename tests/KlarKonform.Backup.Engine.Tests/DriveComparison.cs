using System.Security.Cryptography;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Http.Sites;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>Compares restored drives and sites with the tenant: every path, every byte, and everything else known about a file.</summary>
internal sealed class DriveComparison(
    DemoTenantModel tenant,
    SourceSettings sources,
    TemporaryFolder restored,
    IReadOnlyList<StoredItem> stored
)
{
    public void AssertEqual()
    {
        if (sources.OneDrive is not null)
        {
            foreach (var user in tenant.Users.Where(user => user.Drive is not null))
                AssertDrive(user.Drive!, ["OneDrive", user.UserPrincipalName]);
        }

        if (sources.SharePoint is not null)
        {
            foreach (var site in tenant.Sites.Where(site => site.Owner is null && !site.IsLocked))
                AssertSite(site, ["SharePoint", FolderOf(site)]);
        }
    }

    private void AssertDrive(DemoDrive drive, string[] path)
    {
        var root = restored[path];
        var folder = "/" + string.Join('/', path) + "/";
        var items = drive.Items.Values.Where(item => item.ParentId is not null && !item.IsContentMissing && !item.IsMalware).ToArray();
        var below = stored.Where(item => item.Path.StartsWith(folder, StringComparison.Ordinal)).ToArray();

        // By the names that the tenant shows: the stored ones are made safe, and distinguished where they would be the same.
        var byId = below.ToDictionary(item => item.Id[(item.Id.IndexOf('/', StringComparison.Ordinal) + 1)..]);
        Assert.Equal(items.Select(item => item.Id).Order(StringComparer.Ordinal), byId.Keys.Order(StringComparer.Ordinal));
        foreach (var item in items)
        {
            var present = byId[item.Id];
            Assert.Equal(drive.PathOf(item), PathOf(present, byId));
            AssertPlace(drive, item, present, byId);
            Assert.Equal(
                item.Permissions.Count,
                present.Document.TryGetProperty("permissions", out var permissions) ? permissions.GetArrayLength() : 0
            );
            var file = Path.Combine(root, Path.GetRelativePath(folder, present.Path));
            if (item.IsFolder)
            {
                Assert.True(Directory.Exists(file));
            }
            else if (item.IsShortcut)
            {
                Assert.Contains("01ELSEWHERE", File.ReadAllText(file), StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(
                    Hash(item.ServedContent ?? item.Content ?? SeededContent.Bytes(item.Seed, (int)item.Size + item.ServedLonger)),
                    Hash(File.ReadAllBytes(file))
                );
                Assert.Equal(item.Modified.UtcDateTime, File.GetLastWriteTimeUtc(file), TimeSpan.FromSeconds(1));
                Assert.Equal(
                    item.Version > 1 ? item.OlderVersions.Count + 1 : 0,
                    present.Document.TryGetProperty("versions", out var versions) ? versions.GetArrayLength() : 0
                );
                AssertOlderVersions(item, file);
            }
        }
    }

    private void AssertOlderVersions(DemoDriveItem item, string file)
    {
        var kept = item.OlderVersions.AsEnumerable().Reverse().Take(sources.OneDrive?.OlderVersions ?? 0).ToArray();
        foreach (var version in kept)
        {
            var older = Path.Combine(
                Path.GetDirectoryName(file)!,
                $"{Path.GetFileNameWithoutExtension(file)} [v{version.Id} {Mark(item.Id)}]{Path.GetExtension(item.Name)}"
            );
            Assert.Equal(Hash(SeededContent.Bytes(version.Seed, (int)version.Size)), Hash(File.ReadAllBytes(older)));
        }
    }

    private static void AssertPlace(DemoDrive drive, DemoDriveItem item, StoredItem present, Dictionary<string, StoredItem> byId)
    {
        var parent = present.Path[..present.Path.LastIndexOf('/')];
        if (item.ParentId != drive.Root.Id)
            Assert.Equal(byId[item.ParentId!].Path, parent);
    }

    private static string PathOf(StoredItem item, Dictionary<string, StoredItem> byId)
    {
        var parent = item.Properties.GetProperty("parentReference").GetProperty("id").GetString()!;
        return (byId.TryGetValue(parent, out var folder) ? PathOf(folder, byId) + "/" : "")
            + item.Properties.GetProperty("name").GetString();
    }

    private void AssertSite(DemoSite site, string[] path)
    {
        foreach (var library in site.Libraries)
            AssertDrive(library, [.. path, Safe(library.Name)]);
        var root = restored[path];
        foreach (var list in site.Lists)
        {
            AssertRows(list.Items.Values.Select(SiteEndpoints.Json), Path.Combine(root, "Lists", Safe(list.Title)));
            Assert.True(File.Exists(Path.Combine(root, "Lists", Safe(list.Title), "_columns.json")));
        }

        foreach (var library in site.Libraries)
            AssertRows(
                library.Items.Values.Where(item => item.ParentId is not null).Select(SiteEndpoints.Row),
                Path.Combine(root, "Lists", Safe(library.Name))
            );
        Assert.Equal(
            site.Pages.Select(page => Written(SiteEndpoints.Json(page, whole: true))).Order(StringComparer.Ordinal),
            Directory
                .EnumerateFiles(Path.Combine(root, "Pages"))
                .Select(file => Written(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement))
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            site.Libraries.Select(library => Safe(library.Name))
                .Concat(site.Subsites.Select(each => each.Title))
                .Append("Lists")
                .Append("Pages")
                .Order(StringComparer.Ordinal),
            Directory.EnumerateDirectories(root).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)
        );
        foreach (var subsite in site.Subsites)
            AssertSite(subsite, [.. path, Safe(subsite.Title)]);
    }

    private static void AssertRows(IEnumerable<object> rows, string folder) =>
        Assert.Equal(
            rows.Select(Written).Order(StringComparer.Ordinal),
            Directory
                .EnumerateFiles(folder, "*.json", SearchOption.AllDirectories)
                .Where(file => Path.GetFileName(file) != "_columns.json")
                .Select(file => Written(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement))
                .Order(StringComparer.Ordinal)
        );

    private static string FolderOf(DemoSite site) =>
        site.Path.Length == 0 ? site.Host
        : site.Path.StartsWith("/sites/", StringComparison.Ordinal) ? site.Path["/sites/".Length..]
        : site.Path[1..].Replace('/', '_');

    private static string Safe(string name) => name.Replace('/', '_');

    /// <summary>The mark that distinguishes an item's parts from other files.</summary>
    public static string Mark(string id) =>
        Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(id)))[..8].ToLowerInvariant();

    private static string Written(object value) => JsonSerializer.Serialize(JsonSerializer.SerializeToElement(value));

    private static string Hash(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));
}
