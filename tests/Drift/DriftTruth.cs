using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Calendars;
using KlarKonform.Backup.DemoTenant.Http.Contacts;
using KlarKonform.Backup.DemoTenant.Http.Directory;
using KlarKonform.Backup.DemoTenant.Http.Drives;
using KlarKonform.Backup.DemoTenant.Http.Mail;
using KlarKonform.Backup.DemoTenant.Http.Sites;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.Drift;

/// <summary>The contents of a tenant, item by item. Called under the tenant's lock.</summary>
internal static class DriftTruth
{
    public static IReadOnlyList<DriftItem> Of(DemoTenantModel tenant)
    {
        var items = new List<DriftItem>();
        foreach (var user in tenant.Users)
        {
            if (user.Mailbox is { } mailbox)
            {
                items.AddRange(Mail(user, mailbox));
                items.AddRange(Calendars(user, mailbox));
                items.AddRange(Contacts(user, mailbox));
            }

            if (user.Drive is { } drive)
                items.AddRange(Drive("OneDrive", user.UserPrincipalName, drive, "", "", [user.Id, "drive:" + user.Id], []));
        }

        items.AddRange(Directory(tenant));
        foreach (var site in tenant.Sites.Where(site => site.Owner is null))
            items.AddRange(Site(site.WebUrl, site, "", [], []));
        return items;
    }

    private static IEnumerable<DriftItem> Mail(DemoUser user, DemoMailbox mailbox)
    {
        string[] common = ["mailFolders:" + user.Id, user.Id];
        foreach (
            var folder in mailbox.Folders.Values.Where(folder => folder is { WellKnownName: not "msgfolderroot", IsSearchFolder: false })
        )
        {
            yield return new DriftItem(
                "Mail",
                user.UserPrincipalName,
                folder.Id,
                StoredFolder(folder.ParentId),
                folder.Id,
                [.. Above(folder.ParentId), .. common],
                Covers(folder.Id, [folder.Id, .. Above(folder.ParentId)])
            )
            {
                Properties = new JsonObject { ["displayName"] = folder.Name },
            };
        }

        foreach (var message in mailbox.Messages.Values)
        {
            var folders = Above(message.FolderId);
            yield return new DriftItem(
                "Mail",
                user.UserPrincipalName,
                message.Id,
                StoredFolder(message.FolderId),
                message.Id,
                [.. folders, .. common],
                Covers(message.Id, folders)
            )
            {
                Properties = DriftJson.Of(MailEndpoints.Message(message, immutable: true)),
                Contents = [DriftJson.Hash(MimeWriter.Write(message))],
            };
        }

        string StoredFolder(string? id) => id is null || mailbox.Folders[id].WellKnownName == "msgfolderroot" ? "" : id;

        string[] Above(string? id) => id is null ? [] : [id, .. Above(mailbox.Folders[id].ParentId)];
    }

    private static IEnumerable<DriftItem> Calendars(DemoUser user, DemoMailbox mailbox)
    {
        string[] common = ["calendars:" + user.Id, user.Id];
        foreach (var calendar in mailbox.Calendars.Values)
        {
            yield return new DriftItem(
                "Calendar",
                user.UserPrincipalName,
                calendar.Id,
                "",
                calendar.Id,
                common,
                Covers(calendar.Id, [calendar.Id])
            )
            {
                Properties = new JsonObject { ["name"] = calendar.Name },
            };
        }

        foreach (var each in mailbox.Events.Values)
        {
            yield return new DriftItem(
                "Calendar",
                user.UserPrincipalName,
                each.Id,
                each.CalendarId,
                each.Id,
                [each.CalendarId, .. common],
                Covers(each.Id, [each.CalendarId])
            )
            {
                Properties = DriftJson.Of(each.Recurrence is null ? CalendarEndpoints.Json(each) : CalendarEndpoints.Series(each)),
                Contents =
                [
                    .. each
                        .Attachments.Where(attachment => !attachment.IsReference)
                        .Select(attachment => DriftJson.Hash(attachment.Content))
                        .Append(".ics")
                        .Order(StringComparer.Ordinal),
                ],
                Others = [.. each.Exceptions.Select(exception => exception.Id)],
            };
        }
    }

    private static IEnumerable<DriftItem> Contacts(DemoUser user, DemoMailbox mailbox)
    {
        string[] common = ["contactFolders:" + user.Id, user.Id];
        foreach (var folder in mailbox.ContactFolders.Values)
        {
            yield return new DriftItem(
                "Contacts",
                user.UserPrincipalName,
                folder.Id,
                mailbox.ContactFolders.ContainsKey(folder.ParentId) ? folder.ParentId : "",
                folder.Id,
                [.. Above(folder.ParentId), .. common],
                Covers(folder.Id, [folder.Id, .. Above(folder.ParentId)])
            )
            {
                Properties = new JsonObject { ["displayName"] = folder.Name },
            };
        }

        foreach (var contact in mailbox.Contacts.Values)
        {
            yield return new DriftItem(
                "Contacts",
                user.UserPrincipalName,
                contact.Id,
                contact.FolderId,
                contact.Id,
                [.. Above(contact.FolderId), .. common],
                Covers(contact.Id, Above(contact.FolderId))
            )
            {
                Properties = DriftJson.Of(ContactEndpoints.Json(contact)),
                Contents = Card(contact.PhotoSeed),
            };
        }

        string[] Above(string id) => mailbox.ContactFolders.TryGetValue(id, out var folder) ? [id, .. Above(folder.ParentId)] : [];
    }

    private static IEnumerable<DriftItem> Directory(DemoTenantModel tenant)
    {
        DriftItem Entry(string id, string folder, string part, object properties, long? photo) =>
            new("Directory", tenant.TenantId, id, "", id, [part], Covers(id, [folder]))
            {
                Properties = DriftJson.Of(properties),
                Contents = Card(photo),
            };

        foreach (var user in tenant.Users)
            yield return Entry(user.Id, "Users", "users", DirectoryEndpoints.Json(user), user.PhotoSeed);
        foreach (var contact in tenant.OrgContacts.Values)
            yield return Entry(contact.Id, "Contacts", "contacts", DirectoryEndpoints.Json(contact), null);
        foreach (var group in tenant.Groups.Values)
        {
            var entry = Entry(group.Id, "Groups", "groups", DirectoryEndpoints.Json(group, []), null);
            entry.Properties["members"] = new JsonArray([
                .. group.Members.Order(StringComparer.Ordinal).Select(member => (JsonNode)member),
            ]);
            yield return entry with
            {
                Properties = DriftJson.Of(entry.Properties),
            };
        }
    }

    private static IEnumerable<DriftItem> Drive(
        string kind,
        string resource,
        DemoDrive drive,
        string root,
        string prefix,
        string[] within,
        string[] covers
    )
    {
        foreach (var item in drive.Items.Values.Where(item => item.ParentId is not null && !item.IsContentMissing && !item.IsMalware))
        {
            var folders = Above(item.ParentId!);
            var contents = new List<string>();
            if (!item.IsFolder && !item.IsShortcut)
                contents.Add(DriftJson.Hash(item.Content ?? SeededContent.Bytes(item.Seed, (int)item.Size + item.ServedLonger)));
            contents.Add($"versions {(item is { IsFolder: false, IsShortcut: false, Version: > 1 } ? item.OlderVersions.Count + 1 : 0)}");
            contents.Add($"permissions {item.Permissions.Count}");
            yield return new DriftItem(
                kind,
                resource,
                prefix + item.Id,
                item.ParentId == drive.Root.Id ? root : prefix + item.ParentId,
                item.Id,
                [.. folders, drive.Id, .. within],
                [prefix + item.Id, .. folders.Select(folder => prefix + folder), "drive:" + drive.Id, .. covers, "resource"]
            )
            {
                Properties = DriftJson.Of(DriveJson.Of(drive, item)),
                Contents = [.. contents.Order(StringComparer.Ordinal)],
            };
        }

        string[] Above(string id) =>
            drive.Items.TryGetValue(id, out var folder) && folder.ParentId is { } parent ? [id, .. Above(parent)] : [];
    }

    private static List<DriftItem> Site(string resource, DemoSite site, string parent, string[] above, string[] coversAbove)
    {
        string[] within = [site.Id, "sites:" + site.Id, "drives:" + site.Id, "lists:" + site.Id, .. above];
        string[] covers = [$"libraries:{site.Id}", $"all-lists:{site.Id}", $"site-pages:{site.Id}", .. coversAbove, "resource"];
        var items = new List<DriftItem>();
        foreach (var library in site.Libraries)
        {
            var key = "drive:" + library.Id;
            items.Add(Folder(key, parent, library.Id, library.Name, [key]));
            items.AddRange(Drive("SharePoint", resource, library, key, Mark(library.Id) + "/", within, [key, .. covers]));
            items.AddRange(
                Rows(
                    "list-" + library.Id,
                    library.Name,
                    ["FileLeafRef", "_ComplianceTag", "Modified"],
                    library
                        .Items.Values.Where(item => item.ParentId is not null)
                        .Select(item => (item.ListItemId.ToString(CultureInfo.InvariantCulture), (object)SiteEndpoints.Row(item)))
                )
            );
        }

        foreach (var list in site.Lists)
            items.AddRange(
                Rows(list.Id, list.Title, list.Columns, list.Items.Select(pair => (pair.Key, (object)SiteEndpoints.Json(pair.Value))))
            );
        foreach (var page in site.Pages)
        {
            items.Add(
                new DriftItem(
                    "SharePoint",
                    resource,
                    $"pages:{site.Id}/{page.Id}",
                    $"pages:{site.Id}",
                    page.Id,
                    ["pages:" + site.Id, .. within],
                    [$"pages:{site.Id}/{page.Id}", $"pages:{site.Id}", .. covers]
                )
                {
                    Properties = DriftJson.Of(SiteEndpoints.Json(page, whole: true)),
                }
            );
        }

        foreach (var subsite in site.Subsites)
        {
            var key = "site:" + subsite.Id;
            items.Add(Folder(key, parent, subsite.Id, subsite.Title, [key, "subsites:" + site.Id]));
            items.AddRange(Site(resource, subsite, key, within, [key, "subsites:" + site.Id, .. covers]));
        }

        return items;

        DriftItem Folder(string key, string place, string target, string name, string[] keys) =>
            new("SharePoint", resource, key, place, target, within, [.. keys, .. covers])
            {
                Properties = new JsonObject { ["node"] = name.Replace('/', '_') },
            };

        IEnumerable<DriftItem> Rows(string list, string title, IReadOnlyList<string> columns, IEnumerable<(string Id, object Row)> rows)
        {
            var key = "list:" + list;
            yield return Folder(key, "lists:" + site.Id, list, title, [key]);
            yield return new DriftItem(
                "SharePoint",
                resource,
                key + "/columns",
                key,
                "columns:" + list,
                [list, .. within],
                [key + "/columns", key, .. covers]
            )
            {
                Properties = DriftJson.Of(
                    new
                    {
                        columns = columns.Select(column => new Dictionary<string, object?>
                        {
                            ["id"] = $"column-{column}",
                            ["name"] = column,
                            ["displayName"] = column,
                            ["hidden"] = false,
                            ["text"] = new { maxLength = 255 },
                        }),
                    }
                ),
            };
            foreach (var (id, row) in rows)
            {
                yield return new DriftItem(
                    "SharePoint",
                    resource,
                    $"{key}/{id}",
                    key,
                    $"{list}/{id}",
                    [list, .. within],
                    [$"{key}/{id}", key, .. covers]
                )
                {
                    Properties = DriftJson.Of(row),
                };
            }
        }
    }

    private static string[] Card(long? photo) =>
        photo is { } seed ? [.. new[] { ".vcf", DriftJson.Hash(SeededContent.Photo(seed)) }.Order(StringComparer.Ordinal)] : [".vcf"];

    private static string[] Covers(string id, IEnumerable<string> folders) =>
        [id, .. folders.SelectMany(folder => new[] { "folder:" + folder, "count:" + folder }), "folders", "resource"];

    // The store's prefix for a drive, before the ids of its items.
    private static string Mark(string id) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..8].ToLowerInvariant();
}
