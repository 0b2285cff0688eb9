using System.Globalization;
using KlarKonform.Backup.DemoTenant.Http.Drives;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Sites;

/// <summary>
/// Sites with subsites, libraries, lists and pages (api-reference/v1.0: site-getallsites, site-list-subsites, list-list, listitem-delta,
/// sitepage-list).
/// </summary>
internal sealed class SiteEndpoints(DemoTenantModel tenant, TokenPages pages, DriveEndpoints drives)
{
    /// <summary>The permission that sites and lists need.</summary>
    public const string Permission = "Sites.Read.All";
    private const int SitesAPage = 3; // Small, so that tests see several.

    public void Map(GraphRoutes routes)
    {
        routes.SharePoint(
            "/drives/{drive}/items/{item}/listItem",
            Permission,
            "listItem",
            _ => 1,
            (context, values) => context.AnswerAsync(tenant, () => Row(drives.Find(values)))
        );
        routes.SharePoint(
            "/sites/getAllSites",
            Permission,
            "sites",
            _ => 2,
            (context, _) =>
                context.AnswerAsync(tenant, () => ODataPage(context.Request, "/sites/getAllSites", [.. tenant.Sites.Select(Json)]))
        );
        routes.SharePoint(
            "/sites/{site}/sites",
            Permission,
            "subsites",
            _ => 2,
            (context, values) => context.AnswerAsync(tenant, () => Value(Site(values).Subsites.Select(Json)))
        );
        routes.SharePoint(
            "/sites/{site}/drive",
            Permission,
            "siteDrive",
            _ => 1,
            (context, values) =>
                context.AnswerAsync(
                    tenant,
                    () =>
                    {
                        var site = Site(values);
                        var json = DriveEndpoints.Json(site.Libraries[0]);
                        if (site.Owner is { } owner)
                            json["owner"] = new { user = new { id = owner.Id, displayName = owner.Name } };
                        return json;
                    }
                )
        );
        routes.SharePoint(
            "/sites/{site}/drives",
            Permission,
            "siteDrives",
            _ => 2,
            (context, values) => context.AnswerAsync(tenant, () => Value(Site(values).Libraries.Select(DriveEndpoints.Json)))
        );
        routes.SharePoint(
            "/sites/{site}",
            Permission,
            "site",
            _ => 1,
            (context, values) => context.AnswerAsync(tenant, () => Json(Site(values)))
        );
        routes.SharePoint(
            "/sites/{site}/lists",
            Permission,
            "lists",
            _ => 2,
            (context, values) => context.AnswerAsync(tenant, () => Value(Lists(Site(values), Selects(context.Request, "system"))))
        );
        routes.SharePoint(
            "/sites/{site}/lists/{list}",
            Permission,
            "list",
            _ => 1,
            (context, values) => context.AnswerAsync(tenant, () => List(values))
        );
        routes.SharePoint(
            "/sites/{site}/lists/{list}/drive",
            Permission,
            "listDrive",
            _ => 1,
            (context, values) =>
                context.AnswerAsync(
                    tenant,
                    () =>
                        DriveEndpoints.Json(
                            LibrariesOf(Site(values)).FirstOrDefault(drive => ListOf(drive) == values["list"]) ?? throw NoList()
                        )
                )
        );
        routes.SharePoint(
            "/sites/{site}/lists/{list}/columns",
            Permission,
            "columns",
            _ => 2,
            (context, values) =>
                context.AnswerAsync(
                    tenant,
                    () =>
                        Value(
                            Columns(Site(values), values["list"])
                                .Select(column => new Dictionary<string, object?>
                                {
                                    ["id"] = $"column-{column}",
                                    ["name"] = column,
                                    ["displayName"] = column,
                                    ["hidden"] = false,
                                    ["text"] = new { maxLength = 255 },
                                })
                        )
                )
        );
        routes.SharePoint(
            "/sites/{site}/lists/{list}/items/delta",
            Permission,
            "listDelta",
            request => request.Query.ContainsKey("token") ? 1 : 2,
            (context, values) => context.AnswerAsync(tenant, () => Rows(context.Request, values))
        );
        routes.SharePoint(
            "/sites/{site}/lists/{list}/items",
            Permission,
            "listItems",
            _ => 2,
            (context, values) => context.AnswerAsync(tenant, () => AllRows(context.Request, values))
        );
        routes.SharePoint(
            "/sites/{site}/lists/{list}/items/{item}",
            Permission,
            "listItem",
            _ => 1,
            (context, values) => context.AnswerAsync(tenant, () => OneRow(values))
        );
        routes.SharePoint(
            "/sites/{site}/pages/microsoft.graph.sitePage",
            Permission,
            "pages",
            _ => 2,
            (context, values) => context.AnswerAsync(tenant, () => Value(Site(values).Pages.Select(page => Json(page, whole: false))))
        );
        routes.SharePoint(
            "/sites/{site}/pages/{page}/microsoft.graph.sitePage",
            Permission,
            "page",
            _ => 1,
            (context, values) =>
                context.AnswerAsync(
                    tenant,
                    () =>
                        Json(
                            Site(values).Pages.FirstOrDefault(page => page.Id == values["page"])
                                ?? throw new GraphErrorException(404, "itemNotFound", "The page does not exist."),
                            whole: context.Request.Query["$expand"] == "canvasLayout"
                        )
                )
        );
    }

    public static Dictionary<string, object?> Json(DemoPage page, bool whole)
    {
        var json = new Dictionary<string, object?>
        {
            ["@odata.type"] = "#microsoft.graph.sitePage",
            ["id"] = page.Id,
            ["name"] = page.Name,
            ["title"] = Path.GetFileNameWithoutExtension(page.Name),
            ["eTag"] = $"\"{{{page.Id}}},{page.Version}\"",
            ["lastModifiedDateTime"] = DriveJson.Time(page.Modified),
            ["pageLayout"] = "article",
        };
        if (whole)
            json["canvasLayout"] = new
            {
                horizontalSections = new[]
                {
                    new { id = "1", columns = new[] { new { id = "1", webparts = new[] { new { innerHtml = page.Text } } } } },
                },
            };
        return json;
    }

    public static Dictionary<string, object?> Json(DemoListItem item) =>
        new()
        {
            ["id"] = item.Id.ToString(CultureInfo.InvariantCulture),
            ["eTag"] = $"\"{item.Id},{item.Version}\"",
            ["lastModifiedDateTime"] = DriveJson.Time(item.Modified),
            ["contentType"] = new { id = "0x0100", name = "Element" },
            ["fields"] = item.Fields,
        };

    /// <summary>A library's row for a file or folder.</summary>
    public static Dictionary<string, object?> Row(DemoDriveItem item) =>
        new()
        {
            ["id"] = item.ListItemId.ToString(CultureInfo.InvariantCulture),
            ["eTag"] = $"\"{item.Id},{item.Version}\"",
            ["lastModifiedDateTime"] = DriveJson.Time(item.Modified),
            ["contentType"] = new { id = item.IsFolder ? "0x0120" : "0x0101", name = item.IsFolder ? "Ordner" : "Dokument" },
            ["fields"] = new Dictionary<string, object?>
            {
                ["FileLeafRef"] = item.Name,
                ["_ComplianceTag"] = item.RetentionLabel ?? "",
                ["Modified"] = DriveJson.Time(item.Modified),
            },
        };

    private static string ListOf(DemoDrive drive) => "list-" + drive.Id;

    private static Dictionary<string, object?> Json(DemoSite site) =>
        new()
        {
            ["id"] = site.Id,
            ["name"] = site.Path.Split('/')[^1],
            ["displayName"] = site.Title,
            ["webUrl"] = site.WebUrl,
            ["isPersonalSite"] = site.Owner is not null,
            ["siteCollection"] = new { hostname = site.Host },
        };

    private static bool Selects(HttpRequest request, string property) => request.Query["$select"].ToString().Split(',').Contains(property);

    private static IEnumerable<DemoDrive> LibrariesOf(DemoSite site) =>
        site.PagesLibrary is { } pages ? site.Libraries.Append(pages) : site.Libraries;

    private static GraphErrorException NoList() => new(404, "itemNotFound", "The list does not exist.");

    // System lists are in a listing only if their facet is selected (resources/list); the pages' library can be requested by its name
    // nevertheless.
    private Dictionary<string, object?> List(RouteValues values)
    {
        var site = Site(values);
        return Lists(site, system: true).FirstOrDefault(list => (string)list["id"]! == values["list"])
            ?? (values["list"] == "Site Pages" && site.PagesLibrary is { } pages ? PagesList(pages) : throw NoList());
    }

    private static Dictionary<string, object?> PagesList(DemoDrive pages)
    {
        var json = ListJson(ListOf(pages), "Site Pages", "webPageLibrary", hidden: false);
        json["system"] = new { };
        return json;
    }

    private static IEnumerable<Dictionary<string, object?>> Lists(DemoSite site, bool system) =>
        (system && site.PagesLibrary is { IsListed: true } pages ? [PagesList(pages)] : Array.Empty<Dictionary<string, object?>>()).Concat(
            Lists(site)
        );

    private static IEnumerable<Dictionary<string, object?>> Lists(DemoSite site) =>
        site
            .Libraries.Select(drive => ListJson(ListOf(drive), drive.Name, "documentLibrary", hidden: false))
            .Concat(site.Lists.Select(list => ListJson(list.Id, list.Title, "genericList", hidden: false)))
            .Append(ListJson("system-" + site.Id, "Katalog", "catalog", hidden: true));

    private static Dictionary<string, object?> ListJson(string id, string title, string template, bool hidden) =>
        new()
        {
            ["id"] = id,
            ["name"] = title,
            ["displayName"] = title,
            ["eTag"] = $"\"{id},1\"",
            ["list"] = new
            {
                template,
                hidden,
                contentTypesEnabled = true,
            },
        };

    private static IReadOnlyList<string> Columns(DemoSite site, string list) =>
        site.Lists.FirstOrDefault(each => each.Id == list)?.Columns ?? (IReadOnlyList<string>)["FileLeafRef", "_ComplianceTag", "Modified"];

    private Dictionary<string, object?> Rows(HttpRequest request, RouteValues values)
    {
        var site = Site(values);
        var path = $"/sites/{values["site"]}/lists/{values["list"]}/items/delta";
        if (site.Libraries.FirstOrDefault(drive => ListOf(drive) == values["list"]) is { } library)
        {
            return pages.Page(
                request,
                path,
                100,
                () => [.. library.Items.Keys.Where(id => id != library.Root.Id)],
                library.Changes,
                id =>
                    id == library.Root.Id ? null
                    : library.Items.TryGetValue(id, out var item) ? Row(item)
                    : library.RecycleBin.Find(each => each.Id == id) is { } gone
                        ? Deleted(gone.ListItemId.ToString(CultureInfo.InvariantCulture))
                    : null
            );
        }

        var list =
            site.Lists.FirstOrDefault(each => each.Id == values["list"])
            ?? throw new GraphErrorException(404, "itemNotFound", "The list does not exist.");
        return pages.Page(
            request,
            path,
            100,
            () => [.. list.Items.Keys],
            list.Changes,
            id => list.Items.TryGetValue(id, out var item) ? Json(item) : Deleted(id)
        );
    }

    private Dictionary<string, object?> AllRows(HttpRequest request, RouteValues values)
    {
        var site = Site(values);
        Dictionary<string, object?>[] all = LibrariesOf(site).FirstOrDefault(drive => ListOf(drive) == values["list"]) is { } library
            ? [.. library.Items.Values.Where(item => item.Id != library.Root.Id).Select(Row)]
            : [.. (site.Lists.FirstOrDefault(each => each.Id == values["list"]) ?? throw NoList()).Items.Values.Select(Json)];
        var size = ODataPaging.PageSize(request, 200, 5000);
        var skip = int.TryParse(request.Query["$skiptoken"], CultureInfo.InvariantCulture, out var number) ? number : 0;
        var page = new Dictionary<string, object?> { ["value"] = all.Skip(skip).Take(size).ToArray() };
        if (skip + size < all.Length)
            page["@odata.nextLink"] =
                $"{pages.Graph}/sites/{values["site"]}/lists/{values["list"]}/items?$expand=fields&$skiptoken={skip + size}";
        return page;
    }

    private Dictionary<string, object?> OneRow(RouteValues values)
    {
        var site = Site(values);
        if (LibrariesOf(site).FirstOrDefault(drive => ListOf(drive) == values["list"]) is { } library)
            return Row(
                library.Items.Values.FirstOrDefault(item =>
                    item.Id != library.Root.Id && item.ListItemId.ToString(CultureInfo.InvariantCulture) == values["item"]
                ) ?? throw NoItem()
            );
        return Json(
            (site.Lists.FirstOrDefault(each => each.Id == values["list"]) ?? throw NoList()).Items.GetValueOrDefault(values["item"])
                ?? throw NoItem()
        );
    }

    private static GraphErrorException NoItem() => new(404, "itemNotFound", "The item does not exist.");

    private static Dictionary<string, object?> Deleted(string id) => new() { ["id"] = id, ["deleted"] = new { state = "deleted" } };

    private DemoSite Site(RouteValues values)
    {
        var site =
            tenant.Sites.SelectMany(each => each.AndBelow).FirstOrDefault(each => each.Id == values["site"])
            ?? throw new GraphErrorException(404, "itemNotFound", "Requested site could not be found");
        return site.IsLocked ? throw DriveEndpoints.Locked() : site;
    }

    private static object Value(IEnumerable<Dictionary<string, object?>> items) => new { value = items.ToArray() };

    private Dictionary<string, object?> ODataPage(HttpRequest request, string path, Dictionary<string, object?>[] all)
    {
        var skip = int.TryParse(request.Query["$skiptoken"], CultureInfo.InvariantCulture, out var number) ? number : 0;
        var page = new Dictionary<string, object?> { ["value"] = all.Skip(skip).Take(SitesAPage).ToArray() };
        if (skip + SitesAPage < all.Length)
            page["@odata.nextLink"] = $"{pages.Graph}{path}?$skiptoken={skip + SitesAPage}";
        return page;
    }
}
