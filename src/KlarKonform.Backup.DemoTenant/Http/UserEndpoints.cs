using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http;

/// <summary>Users, paged as api-reference/v1.0/api/user-list.md describes it.</summary>
internal sealed class UserEndpoints(DemoTenantModel tenant, AccessTokens tokens, RequestCounters counters, string graph)
{
    public void Map(GraphRoutes routes) => routes.Get("/users", (context, _) =>
    {
        tokens.RequirePermission("User.Read.All", "Authorization_RequestDenied");
        counters.Count("users");
        lock (tenant)
        {
            var size = ODataPaging.PageSize(context.Request, 100, 999);
            var skip = context.Request.Query.TryGetValue("$skiptoken", out var token) ? int.Parse(ODataPaging.Decode(token.ToString()), System.Globalization.CultureInfo.InvariantCulture) : 0;
            var select = context.Request.Query["$select"].ToString();
            var page = new Dictionary<string, object?>
            {
                ["@odata.context"] = $"{graph}/$metadata#users",
                ["value"] = tenant.Users.Skip(skip).Take(size).Select(user => ODataPaging.Select(new Dictionary<string, object?>
                {
                    ["id"] = user.Id,
                    ["userPrincipalName"] = user.UserPrincipalName,
                    ["displayName"] = user.DisplayName,
                    ["mail"] = user.Mailbox is null ? null : user.UserPrincipalName,
                }, select)).ToArray(),
            };
            if (skip + size < tenant.Users.Count)
                page["@odata.nextLink"] = $"{graph}/users?$select={select}&$top={size}&$skiptoken={ODataPaging.Encode($"{skip + size}")}";
            return context.Response.WriteAsJsonAsync(page);
        }
    });
}
