using System.Globalization;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Contacts;

/// <summary>Users' contact folders, contacts and their photos, with delta (api-reference/v1.0/api/contact-delta.md).</summary>
internal sealed class ContactEndpoints(DemoTenantModel tenant, DeltaPages pages)
{
    private const string Permission = "Contacts.Read";

    public void Map(GraphRoutes routes)
    {
        void Add(string pattern, string kind, Func<HttpContext, RouteValues, Task> handler) =>
            routes.Outlook("/users/{user}/" + pattern, Permission, kind, handler);
        Add("contactFolders/delta", "contactFolderDelta", (context, values) => FolderDelta(context, values["user"]));
        Add("contactFolders/{folder}", "contactFolder", (context, values) => GetFolder(context, values["user"], values["folder"]));
        Add(
            "contactFolders/{folder}/contacts/delta",
            "contactDelta",
            (context, values) => ContactDelta(context, values["user"], values["folder"])
        );
        Add("contactFolders/{folder}/contacts", "contacts", (context, values) => List(context, values["user"], values["folder"]));
        Add("contacts", "contacts", (context, values) => List(context, values["user"], "contacts"));
        Add("contacts/{contact}", "contact", (context, values) => Get(context, values["user"], values["contact"]));
        Add("contacts/{contact}/photo/$value", "contactPhoto", (context, values) => Photo(context, values["user"], values["contact"]));
    }

    /// <summary>A contact as returned by delta and by a request for it.</summary>
    public static Dictionary<string, object?> Json(DemoContact contact) =>
        new()
        {
            ["@odata.etag"] = $"W/\"{contact.ChangeKey}\"",
            ["id"] = contact.Id,
            ["changeKey"] = contact.ChangeKey,
            ["createdDateTime"] = "2026-01-02T08:00:00Z",
            ["lastModifiedDateTime"] = DeltaPages.Time(new DateTimeOffset(2026, 1, 2, 8, 0, 0, TimeSpan.Zero).AddMinutes(contact.Version)),
            ["parentFolderId"] = contact.FolderId,
            ["displayName"] = $"{contact.GivenName} {contact.Surname}".Trim(),
            ["givenName"] = contact.GivenName,
            ["surname"] = contact.Surname,
            ["companyName"] = contact.Company,
            ["jobTitle"] = "Einkauf; Vertrieb",
            ["birthday"] = contact.Birthday is { } day ? day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + "T11:59:00Z" : null,
            ["personalNotes"] = contact.Notes,
            ["categories"] = new[] { "Kunden, wichtige" },
            ["emailAddresses"] = new[]
            {
                new { name = contact.Surname, address = contact.Email ?? $"{contact.Id.ToLowerInvariant()}@kunde.example" },
            },
            ["businessPhones"] = new[] { contact.Phone },
            ["homePhones"] = Array.Empty<string>(),
            ["mobilePhone"] = "+49 170 1234567",
            ["imAddresses"] = Array.Empty<string>(),
            ["businessAddress"] = new
            {
                street = "Straße des 17. Juni 135",
                city = "Berlin",
                state = "",
                countryOrRegion = "Deutschland",
                postalCode = "10623",
            },
            ["homeAddress"] = new { },
        };

    private Task FolderDelta(HttpContext context, string user)
    {
        object body;
        lock (tenant)
        {
            var mailbox = tenant.Mailbox(user);
            body = pages.Delta(
                context.Request,
                $"/users/{user}/contactFolders/delta",
                10,
                () => [.. mailbox.ContactFolders.Keys.Where(id => id != mailbox.DefaultContactFolder)],
                mailbox.ContactFolderChanges.Since,
                id =>
                    mailbox.ContactFolders.TryGetValue(id, out var folder)
                        ? id == mailbox.DefaultContactFolder
                            ? null
                            : Folder(folder)
                        : DeltaPages.Removed("#microsoft.graph.contactFolder", id)
            );
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task GetFolder(HttpContext context, string user, string folder)
    {
        object body;
        lock (tenant)
            body = Folder(FindFolder(tenant.Mailbox(user), folder));
        return context.Response.WriteAsJsonAsync(body);
    }

    private Task ContactDelta(HttpContext context, string user, string folderId)
    {
        object body;
        lock (tenant)
        {
            var mailbox = tenant.Mailbox(user);
            mailbox.RequireRoom();
            var folder = FindFolder(mailbox, folderId);
            body = pages.Delta(
                context.Request,
                $"/users/{user}/contactFolders/{folderId}/contacts/delta",
                10,
                () => [.. mailbox.Contacts.Values.Where(contact => contact.FolderId == folder.Id).Select(contact => contact.Id)],
                folder.Changes.Since,
                id =>
                    mailbox.Contacts.TryGetValue(id, out var contact) && contact.FolderId == folder.Id
                        ? Json(contact)
                        : DeltaPages.Removed("#microsoft.graph.contact", id)
            );
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task List(HttpContext context, string user, string folderId)
    {
        object body;
        lock (tenant)
        {
            var mailbox = tenant.Mailbox(user);
            var folder = FindFolder(mailbox, folderId);
            body = pages.List(
                context.Request,
                $"/users/{user}/contactFolders/{folderId}/contacts",
                10,
                [
                    .. mailbox
                        .Contacts.Values.Where(contact => contact.FolderId == folder.Id)
                        .Select(contact => ODataPaging.Expand(Json(contact), contact.Extended, context.Request)),
                ]
            );
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task Get(HttpContext context, string user, string id)
    {
        object body;
        lock (tenant)
            body = Json(tenant.Mailbox(user).Contacts.GetValueOrDefault(id) ?? throw Mailboxes.NotFound());
        return context.Response.WriteAsJsonAsync(body);
    }

    private async Task Photo(HttpContext context, string user, string id)
    {
        byte[] photo;
        lock (tenant)
        {
            var contact = tenant.Mailbox(user).Contacts.GetValueOrDefault(id) ?? throw Mailboxes.NotFound();
            photo =
                contact.PhotoBytes
                ?? (
                    contact.PhotoSeed is { } seed
                        ? SeededContent.Photo(seed)
                        : throw new GraphErrorException(404, "ImageNotFound", "The photo wasn't found.")
                );
        }

        context.Response.ContentType = "image/jpeg";
        await context.Response.Body.WriteAsync(photo);
    }

    public static DemoContactFolder FindFolder(DemoMailbox mailbox, string idOrName) =>
        mailbox.ContactFolders.GetValueOrDefault(idOrName == "contacts" ? mailbox.DefaultContactFolder : idOrName)
        ?? throw Mailboxes.NotFound();

    public static Dictionary<string, object?> Folder(DemoContactFolder folder) =>
        new()
        {
            ["id"] = folder.Id,
            ["parentFolderId"] = folder.ParentId,
            ["displayName"] = folder.Name,
        };
}
