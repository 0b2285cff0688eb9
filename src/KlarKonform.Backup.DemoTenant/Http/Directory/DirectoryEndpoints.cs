using System.Globalization;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Directory;

/// <summary>
/// Users, organisational contacts and groups with members: lists, delta and users' photos (concepts/delta-query-groups.md).
/// </summary>
internal sealed class DirectoryEndpoints(DemoTenantModel tenant, DeltaPages pages)
{
    // A large group's members come in several portions; small here, so that tests see it.
    private const int MembersAPortion = 3;

    public void Map(GraphRoutes routes)
    {
        routes.Identity("/users", "User.Read.All", "users", (context, _) => List(context, "/users", () => tenant.Users.Select(Json)));
        routes.Identity(
            "/contacts",
            "OrgContact.Read.All",
            "orgContacts",
            (context, _) => List(context, "/contacts", () => tenant.OrgContacts.Values.Select(Json))
        );
        routes.Identity(
            "/groups",
            "Group.Read.All",
            "groups",
            (context, _) => List(context, "/groups", () => tenant.Groups.Values.Select(group => Json(group, [])))
        );
        routes.Identity(
            "/users/delta",
            "User.Read.All",
            "userDelta",
            (context, _) =>
                context.AnswerAsync(
                    tenant,
                    () =>
                        pages.Delta(
                            context.Request,
                            "/users/delta",
                            100,
                            () => [.. tenant.Users.Select(user => user.Id)],
                            tenant.UserChanges.Since,
                            id =>
                                tenant.Users.FirstOrDefault(user => user.Id == id) is { } user
                                    ? Json(user)
                                    : DeltaPages.Removed("#microsoft.graph.user", id, "changed")
                        )
                )
        );
        routes.Identity(
            "/contacts/delta",
            "OrgContact.Read.All",
            "orgContactDelta",
            (context, _) =>
                context.AnswerAsync(
                    tenant,
                    () =>
                        pages.Delta(
                            context.Request,
                            "/contacts/delta",
                            100,
                            () => [.. tenant.OrgContacts.Keys],
                            tenant.OrgContactChanges.Since,
                            id =>
                                tenant.OrgContacts.TryGetValue(id, out var contact)
                                    ? Json(contact)
                                    : DeltaPages.Removed("#microsoft.graph.orgContact", id)
                        )
                )
        );
        routes.Identity(
            "/groups/delta",
            "Group.Read.All",
            "groupDelta",
            (context, _) => context.AnswerAsync(tenant, () => GroupDelta(context.Request))
        );
        routes.Identity(
            "/users/{user}",
            "User.Read.All",
            "user",
            (context, values) => context.AnswerAsync(tenant, () => Json(tenant.User(values["user"], "Request_ResourceNotFound")))
        );
        routes.Identity(
            "/contacts/{contact}",
            "OrgContact.Read.All",
            "orgContact",
            (context, values) =>
                context.AnswerAsync(
                    tenant,
                    () => Json(tenant.OrgContacts.GetValueOrDefault(values["contact"]) ?? throw NotFound(values["contact"]))
                )
        );
        routes.Identity(
            "/groups/{group}",
            "Group.Read.All",
            "group",
            (context, values) =>
                context.AnswerAsync(
                    tenant,
                    () =>
                    {
                        var group = Json(tenant.Groups.GetValueOrDefault(values["group"]) ?? throw NotFound(values["group"]), []);
                        group.Remove("members@delta");
                        return group;
                    }
                )
        );
        routes.Outlook("/users/{user}/photo/$value", "User.Read.All", "photo", (context, values) => Photo(context, values["user"]));
    }

    private static GraphErrorException NotFound(string id) =>
        new(
            404,
            "Request_ResourceNotFound",
            $"Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );

    public static Dictionary<string, object?> Json(DemoUser user) =>
        new()
        {
            ["id"] = user.Id,
            ["userPrincipalName"] = user.UserPrincipalName,
            ["displayName"] = user.DisplayName,
            ["mail"] = user.Mailbox is null ? null : user.UserPrincipalName,
            ["accountEnabled"] = true,
            ["userType"] = "Member",
            ["department"] = user.Department,
            ["jobTitle"] = "Leitung, Vertrieb",
            ["businessPhones"] = new[] { user.Phone },
            ["proxyAddresses"] = new[] { "SMTP:" + user.UserPrincipalName },
            ["assignedLicenses"] =
                user.Mailbox is null && user.Drive is null ? [] : new[] { new { skuId = "05e9a617-0261-4cee-bb44-138d3ef5d965" } },
        };

    public static Dictionary<string, object?> Json(DemoOrgContact contact) =>
        new()
        {
            ["id"] = contact.Id,
            ["displayName"] = contact.DisplayName,
            ["mail"] = contact.Mail,
            ["companyName"] = contact.Company,
            ["phones"] = new[] { new { type = "mobile", number = "+49 151 7654321" } },
            ["addresses"] = new[]
            {
                new
                {
                    street = "Am Markt 1",
                    city = "Köln",
                    postalCode = "50667",
                    countryOrRegion = "DE",
                },
            },
        };

    public static Dictionary<string, object?> Json(DemoGroup group, IEnumerable<object> members) =>
        new()
        {
            ["id"] = group.Id,
            ["displayName"] = group.DisplayName,
            ["mail"] = group.Mail,
            ["mailEnabled"] = group.Kind != "security",
            ["securityEnabled"] = group.Kind == "security",
            ["groupTypes"] = group.Kind == "unified" ? ["Unified"] : Array.Empty<string>(),
            ["members@delta"] = members.ToArray(),
        };

    // Every entry names a group and a portion of its members: "<id>#<portion>".
    private Dictionary<string, object?> GroupDelta(HttpRequest request)
    {
        var since = 0L;
        if (request.Query.TryGetValue("$deltatoken", out var token))
            since = long.Parse(ODataPaging.Decode(token.ToString()).Split('|')[0], CultureInfo.InvariantCulture);
        else if (request.Query.TryGetValue("$skiptoken", out var skip))
            since = long.Parse(ODataPaging.Decode(skip.ToString()).Split('|')[0], CultureInfo.InvariantCulture);
        return pages.Delta(
            request,
            "/groups/delta",
            100,
            () =>
                [
                    .. tenant.Groups.Values.SelectMany(group =>
                        Enumerable
                            .Range(0, Math.Max(1, (group.Members.Count + MembersAPortion - 1) / MembersAPortion))
                            .Select(portion => $"{group.Id}#{portion}")
                    ),
                ],
            from => [.. tenant.GroupChanges.Since(from).Select(id => $"{id}#-1")],
            key =>
            {
                var parts = key.Split('#');
                if (!tenant.Groups.TryGetValue(parts[0], out var group))
                    return DeltaPages.Removed("#microsoft.graph.group", parts[0]);
                var portion = int.Parse(parts[1], CultureInfo.InvariantCulture);
                return Json(
                    group,
                    portion >= 0
                        ? group
                            .Members.Order(StringComparer.Ordinal)
                            .Skip(portion * MembersAPortion)
                            .Take(MembersAPortion)
                            .Select(member => Member(member, removed: false))
                        : group
                            .MemberChanges.Where(change => change.Sequence > since)
                            .Select(change => change.Member)
                            .Distinct()
                            .Select(member => Member(member, removed: !group.Members.Contains(member)))
                );
            }
        );
    }

    private static Dictionary<string, object> Member(string id, bool removed) =>
        removed
            ? new Dictionary<string, object>
            {
                ["@odata.type"] = "#microsoft.graph.user",
                ["id"] = id,
                ["@removed"] = new { reason = "deleted" },
            }
            : new Dictionary<string, object> { ["@odata.type"] = "#microsoft.graph.user", ["id"] = id };

    private Task List(HttpContext context, string path, Func<IEnumerable<Dictionary<string, object?>>> all) =>
        context.AnswerAsync(tenant, () => pages.List(context.Request, path, 100, [.. all()]));

    private async Task Photo(HttpContext context, string id)
    {
        long seed;
        lock (tenant)
        {
            var user = tenant.User(id, "Request_ResourceNotFound");
            seed = user.PhotoSeed ?? throw new GraphErrorException(404, "ImageNotFound", "The photo wasn't found.");
        }

        context.Response.ContentType = "image/jpeg";
        await context.Response.Body.WriteAsync(SeededContent.Photo(seed));
    }
}
