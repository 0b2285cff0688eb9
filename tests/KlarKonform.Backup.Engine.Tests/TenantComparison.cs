using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Calendars;
using KlarKonform.Backup.DemoTenant.Http.Contacts;
using KlarKonform.Backup.DemoTenant.Http.Directory;
using KlarKonform.Backup.DemoTenant.Http.Mail;
using KlarKonform.Backup.DemoTenant.Model;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Engine.Tests;

/// <summary>
/// Compares a restored snapshot with the tenant, item by item: contents, places, and every property that the tenant shows.
/// </summary>
internal sealed class TenantComparison(
    DemoTenantModel tenant,
    SourceSettings sources,
    TemporaryFolder restored,
    IReadOnlyList<StoredItem> stored
)
{
    private static readonly JsonSerializerOptions s_web = new(JsonSerializerDefaults.Web);

    public void AssertEqual()
    {
        foreach (var user in tenant.Users.Where(user => user.Mailbox is not null))
        {
            if (sources.Mail is not null)
                AssertMail(user);
            if (sources.Calendar is not null)
                AssertCalendars(user);
            if (sources.Contacts is not null)
                AssertContacts(user);
        }

        if (sources.Directory is not null)
            AssertDirectory();
        new DriveComparison(tenant, sources, restored, stored).AssertEqual();
    }

    private void AssertMail(DemoUser user)
    {
        var mailbox = user.Mailbox!;
        var readable = mailbox
            .Messages.Values.Where(message =>
                !message.IsCorrupt
                && !message.IsUnreadable
                && (sources.Mail!.Archive == true || mailbox.Folders[message.FolderId].Store != DemoFolderStore.Archive)
                && (sources.Mail.RecoverableItems == true || mailbox.Folders[message.FolderId].Store != DemoFolderStore.RecoverableItems)
            )
            .ToArray();
        var root = restored["Exchange", user.UserPrincipalName, "Mail"];
        Assert.Equal(
            readable.Select(message => (FolderPath(mailbox, message.FolderId), Hash(MimeWriter.Write(message)))).Order(),
            Directory
                .EnumerateFiles(root, "*.eml", SearchOption.AllDirectories)
                .Select(file =>
                    (Path.GetRelativePath(root, Path.GetDirectoryName(Path.GetDirectoryName(file))!), Hash(File.ReadAllBytes(file)))
                )
                .Order()
        );
        Assert.Equal(
            readable.Select(message => Written(MailEndpoints.Message(message, immutable: true))).Order(StringComparer.Ordinal),
            stored
                .Where(item =>
                    item.Path.StartsWith($"/Exchange/{user.UserPrincipalName}/Mail/", StringComparison.Ordinal)
                    && item.Path.EndsWith(".eml", StringComparison.Ordinal)
                )
                .Select(item => Written(item.Properties))
                .Order(StringComparer.Ordinal)
        );
    }

    private void AssertCalendars(DemoUser user)
    {
        var mailbox = user.Mailbox!;
        var root = restored["Exchange", user.UserPrincipalName, "Calendar"];
        Assert.Equal(mailbox.Calendars.Count, Directory.GetDirectories(root).Length);
        var truths = Directory
            .EnumerateFiles(root, "*.json", SearchOption.AllDirectories)
            .ToDictionary(file => file, file => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement);
        Assert.Equal(
            mailbox
                .Events.Values.Select(each =>
                    Written(each.Recurrence is null ? CalendarEndpoints.Json(each) : CalendarEndpoints.Series(each))
                )
                .Order(StringComparer.Ordinal),
            truths.Values.Select(truth => Written(truth.GetProperty("event"))).Order(StringComparer.Ordinal)
        );
        foreach (var (file, truth) in truths)
        {
            var each = mailbox.Events[truth.GetProperty("event").GetProperty("id").GetString()!];
            Assert.True(File.Exists(Path.ChangeExtension(file, ".ics")));
            foreach (var attachment in truth.GetProperty("attachments").EnumerateArray())
            {
                var holder = attachment.TryGetProperty("occurrence", out var occurrence)
                    ? each.Exceptions.Single(candidate => candidate.Id == occurrence.GetString())
                    : each;
                var expected = holder.Attachments.Single(candidate => candidate.Id == attachment.GetProperty("id").GetString());
                Assert.Equal(expected.IsReference, !attachment.TryGetProperty("fileSuffix", out var suffix));
                if (!expected.IsReference)
                    Assert.Equal(
                        SeededContent.Bytes(expected.Seed, expected.Size),
                        File.ReadAllBytes(file[..^".json".Length] + suffix.GetString())
                    );
            }

            Assert.Equal(
                each.Attachments.Count + each.Exceptions.Sum(exception => exception.Attachments.Count),
                truth.GetProperty("attachments").GetArrayLength()
            );
        }
    }

    private void AssertContacts(DemoUser user)
    {
        var mailbox = user.Mailbox!;
        var root = restored["Exchange", user.UserPrincipalName, "Contacts"];
        Assert.Equal(
            mailbox
                .Contacts.Values.Select(contact =>
                    (
                        ContactPath(mailbox, contact.FolderId),
                        Written(ContactEndpoints.Json(contact)),
                        contact.PhotoSeed is { } seed ? Hash(SeededContent.Photo(seed)) : ""
                    )
                )
                .Order(),
            Directory
                .EnumerateFiles(root, "*.json", SearchOption.AllDirectories)
                .Select(file =>
                    (
                        Path.GetRelativePath(root, Path.GetDirectoryName(file)!),
                        Written(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement),
                        PhotoOf(file)
                    )
                )
                .Order()
        );
        Assert.Equal(mailbox.Contacts.Count, Directory.EnumerateFiles(root, "*.vcf", SearchOption.AllDirectories).Count());
        Assert.Equal(mailbox.ContactFolders.Count, Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Count());
    }

    private void AssertDirectory()
    {
        Assert.Equal(
            tenant
                .Users.Select(user =>
                    (Written(DirectoryEndpoints.Json(user)), user.PhotoSeed is { } seed ? Hash(SeededContent.Photo(seed)) : "")
                )
                .Order(),
            Entries("Users").Select(file => (Written(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement), PhotoOf(file))).Order()
        );
        Assert.Equal(
            tenant.OrgContacts.Values.Select(contact => Written(DirectoryEndpoints.Json(contact))).Order(StringComparer.Ordinal),
            Entries("Contacts")
                .Select(file => Written(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement))
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            tenant
                .Groups.Values.Select(group => $"{group.DisplayName}: {string.Join(' ', group.Members.Order(StringComparer.Ordinal))}")
                .Order(StringComparer.Ordinal),
            Entries("Groups")
                .Select(file => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement)
                .Select(group => $"{group.GetProperty("displayName").GetString()}: {string.Join(' ', MembersOf(group))}")
                .Order(StringComparer.Ordinal)
        );
    }

    private static IEnumerable<string?> MembersOf(JsonElement group) =>
        group.TryGetProperty("members", out var members)
            ? members.EnumerateArray().Select(member => member.GetProperty("id").GetString()).Order(StringComparer.Ordinal)
            : [];

    private IEnumerable<string> Entries(string kind) => Directory.EnumerateFiles(restored["Directory", kind], "*.json");

    private static string PhotoOf(string file) =>
        File.Exists(Path.ChangeExtension(file, ".jpg")) ? Hash(File.ReadAllBytes(Path.ChangeExtension(file, ".jpg"))) : "";

    private static string FolderPath(DemoMailbox mailbox, string folder)
    {
        var each = mailbox.Folders[folder];
        if (each.WellKnownName == "msgfolderroot")
            return ".";
        if (each.ParentId is null)
            return each.Store == DemoFolderStore.Archive ? "Archive Mailbox" : "Recoverable Items";
        var parent = FolderPath(mailbox, each.ParentId);
        var name = each.Name.Replace('/', '_');
        return parent == "." ? name : $"{parent}/{name}";
    }

    private static string ContactPath(DemoMailbox mailbox, string folder)
    {
        var each = mailbox.ContactFolders[folder];
        var name = each.Name.Replace('/', '_');
        return mailbox.ContactFolders.ContainsKey(each.ParentId) ? $"{ContactPath(mailbox, each.ParentId)}/{name}" : name;
    }

    // Sorted, without ids and OData annotations: equal values give equal text.
    private static string Written(object value) => Sorted(JsonSerializer.SerializeToNode(value, s_web))!.ToJsonString();

    private static JsonNode? Sorted(JsonNode? node) =>
        node switch
        {
            JsonObject item => new JsonObject(
                item.Where(pair => !pair.Key.StartsWith('@') && pair.Key != "id" && pair.Key != "members@delta")
                    .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                    .Select(pair => KeyValuePair.Create(pair.Key, Sorted(pair.Value?.DeepClone())))
            ),
            JsonArray array => new JsonArray([.. array.Select(each => Sorted(each?.DeepClone()))]),
            _ => node?.DeepClone(),
        };

    private static string Hash(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));
}
