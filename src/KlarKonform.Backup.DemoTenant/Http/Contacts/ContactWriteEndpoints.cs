using System.Globalization;
using System.Security.Cryptography;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Contacts;

/// <summary>
/// Writing contacts (api-reference/v1.0: contactfolder-post-contacts, contactfolder-post-childfolders, profilephoto-update).
/// </summary>
internal sealed class ContactWriteEndpoints(DemoTenantModel tenant)
{
    private const string Permission = "Contacts.ReadWrite";

    private static readonly HashSet<string> s_writable =
    [
        "assistantName",
        "birthday",
        "businessAddress",
        "businessHomePage",
        "businessPhones",
        "categories",
        "children",
        "companyName",
        "department",
        "displayName",
        "emailAddresses",
        "fileAs",
        "generation",
        "givenName",
        "homeAddress",
        "homePhones",
        "imAddresses",
        "initials",
        "jobTitle",
        "manager",
        "middleName",
        "mobilePhone",
        "nickName",
        "officeLocation",
        "otherAddress",
        "personalNotes",
        "profession",
        "spouseName",
        "surname",
        "title",
        "yomiCompanyName",
        "yomiGivenName",
        "yomiSurname",
        "singleValueExtendedProperties",
    ];

    public void Map(GraphRoutes routes)
    {
        void Add(string method, string pattern, string kind, Func<HttpContext, RouteValues, Task> handler) =>
            routes.Outlook("/users/{user}/" + pattern, Permission, kind, handler, method);
        Add("POST", "contactFolders/{folder}/childFolders", "createFolder", CreateFolder);
        Add("POST", "contactFolders/{folder}/contacts", "createContact", Create);
        Add(
            "PUT",
            "contacts/{contact}/photo/$value",
            "setPhoto",
            (context, values) =>
            {
                lock (tenant)
                {
                    var mailbox = tenant.Mailbox(values["user"]);
                    var contact = mailbox.Contacts.GetValueOrDefault(values["contact"]) ?? throw Mailboxes.NotFound();
                    contact.PhotoBytes = GraphRoutes.Body(context);
                    mailbox.Touch(contact);
                }

                context.Response.StatusCode = 200;
                return Task.CompletedTask;
            }
        );
    }

    private Task CreateFolder(HttpContext context, RouteValues values)
    {
        var name = CreatedMime.Text(GraphRoutes.Json(context), "displayName");
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var mailbox = tenant.Mailbox(values["user"]);
                var parent = ContactEndpoints.FindFolder(mailbox, values["folder"]);
                if (
                    mailbox.ContactFolders.Values.Any(each =>
                        each.ParentId == parent.Id && string.Equals(each.Name, name, StringComparison.OrdinalIgnoreCase)
                    )
                )
                    throw new GraphErrorException(409, "ErrorFolderExists", "A folder with the specified name already exists.");
                context.Response.StatusCode = 201;
                return ContactEndpoints.Folder(mailbox.AddContactFolder(NewId("AQConNEW"), parent.Id, name));
            }
        );
    }

    private Task Create(HttpContext context, RouteValues values)
    {
        var json = GraphRoutes.Json(context);
        return context.AnswerAsync(
            tenant,
            () =>
            {
                if (
                    json.EnumerateObject().Select(property => property.Name).FirstOrDefault(name => !s_writable.Contains(name)) is
                    { } unknown
                )
                    throw new GraphErrorException(
                        400,
                        "RequestBodyRead",
                        $"The property '{unknown}' does not exist on type 'microsoft.graph.contact' or cannot be set."
                    );
                var mailbox = tenant.Mailbox(values["user"]);
                string Text(string name) => CreatedMime.Text(json, name);
                var contact = new DemoContact
                {
                    Id = NewId("AAkConNEW"),
                    FolderId = ContactEndpoints.FindFolder(mailbox, values["folder"]).Id,
                    GivenName = Text("givenName"),
                    Surname = Text("surname"),
                    Company = Text("companyName"),
                    Notes = Text("personalNotes"),
                    Phone =
                        json.TryGetProperty("businessPhones", out var phones) && phones.GetArrayLength() > 0 ? phones[0].GetString()! : "",
                    Email =
                        json.TryGetProperty("emailAddresses", out var addresses) && addresses.GetArrayLength() > 0
                            ? CreatedMime.Text(addresses[0], "address")
                            : null,
                    Birthday = DateTimeOffset.TryParse(
                        Text("birthday"),
                        CultureInfo.InvariantCulture,
                        DateTimeStyles.AssumeUniversal,
                        out var day
                    )
                        ? DateOnly.FromDateTime(day.UtcDateTime)
                        : null,
                };
                foreach (var property in CreatedMime.Array(json, "singleValueExtendedProperties"))
                    contact.Extended[property.GetProperty("id").GetString()!] = property.GetProperty("value").GetString()!;
                mailbox.Add(contact);
                context.Response.StatusCode = 201;
                return ContactEndpoints.Json(contact);
            }
        );
    }

    private static string NewId(string prefix) => prefix + Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
}
