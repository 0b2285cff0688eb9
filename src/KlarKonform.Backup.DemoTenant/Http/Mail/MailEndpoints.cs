using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Mail;

/// <summary>Users' mail folders and messages, with delta as api-reference/v1.0/api/message-delta.md describes it.</summary>
internal sealed class MailEndpoints(DemoTenantModel tenant, DeltaPages pages, DemoTenantOptions options, ContentMeter meter)
{
    private const string Permission = "Mail.Read";

    public void Map(GraphRoutes routes)
    {
        void Add(string pattern, string kind, Func<HttpContext, RouteValues, Task> handler) =>
            routes.Outlook("/users/{user}/" + pattern, Permission, kind, handler);
        Add("mailFolders/delta", "mailFolderDelta", (context, values) => FolderDelta(context, values["user"]));
        Add(
            "mailFolders",
            "mailFolders",
            (context, values) => Folders(context, values["user"], "msgfolderroot", $"/users/{values["user"]}/mailFolders")
        );
        Add(
            "mailFolders/{folder}/childFolders",
            "mailFolders",
            (context, values) =>
                Folders(context, values["user"], values["folder"], $"/users/{values["user"]}/mailFolders/{values["folder"]}/childFolders")
        );
        Add(
            "mailFolders/{folder}/messages/delta",
            "messageDelta",
            (context, values) => MessageDelta(context, values["user"], values["folder"])
        );
        Add("mailFolders/{folder}/messages", "messages", (context, values) => Messages(context, values["user"], values["folder"]));
        Add("mailFolders/{folder}", "mailFolder", (context, values) => GetFolder(context, values["user"], values["folder"]));
        Add("messages/{message}/$value", "mime", (context, values) => Mime(context, values["user"], values["message"]));
        Add(
            "messages/{message}/attachments",
            "attachments",
            (context, values) => ListAttachments(context, values["user"], values["message"])
        );
        Add(
            "messages/{message}/attachments/{attachment}/$value",
            "attachmentContent",
            (context, values) => AttachmentContent(context, values["user"], values["message"], values["attachment"])
        );
        Add("messages/{message}", "message", (context, values) => GetMessage(context, values["user"], values["message"]));
    }

    /// <summary>
    /// The id of a message as a client sees it: immutable only if the client requests it, otherwise changing with the folder.
    /// </summary>
    public static string IdFor(DemoMessage message, bool immutable) =>
        immutable ? message.Id : "AAMk" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(message.Id + message.FolderId)))[..40];

    private Task FolderDelta(HttpContext context, string user)
    {
        object body;
        lock (tenant)
        {
            var mailbox = tenant.Mailbox(user);
            mailbox.RequireRoom();
            var hidden = options.HiddenFoldersInDelta && ShowsHidden(context.Request);
            body = pages.Delta(
                context.Request,
                $"/users/{user}/mailFolders/delta",
                100,
                () => [.. mailbox.Folders.Values.Where(folder => folder.Store == DemoFolderStore.Visible).Select(folder => folder.Id)],
                mailbox.FolderChanges.Since,
                id =>
                    mailbox.Folders.TryGetValue(id, out var folder)
                        ? (folder.Hidden && !hidden) || folder.Store != DemoFolderStore.Visible
                            ? null
                            : Folder(mailbox, folder)
                        : DeltaPages.Removed("#microsoft.graph.mailFolder", id)
            );
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task Folders(HttpContext context, string user, string parent, string path)
    {
        object body;
        lock (tenant)
        {
            var mailbox = tenant.Mailbox(user);
            var folder = FindFolder(mailbox, parent);
            body = pages.List(
                context.Request,
                path,
                10,
                [
                    .. mailbox
                        .Folders.Values.Where(each => each.ParentId == folder.Id && (!each.Hidden || ShowsHidden(context.Request)))
                        .Select(each => Folder(mailbox, each)),
                ]
            );
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task MessageDelta(HttpContext context, string user, string folderId)
    {
        object body;
        lock (tenant)
        {
            var mailbox = tenant.Mailbox(user);
            mailbox.RequireRoom();
            var folder = FindFolder(mailbox, folderId);
            var immutable = IsImmutable(context.Request);
            var expand =
                options.ExpandsInDelta ? context.Request.Query["$expand"].ToString()
                : context.Request.Query.ContainsKey("$expand") ? throw NoExpand()
                : "";
            body = pages.Delta(
                context.Request,
                $"/users/{user}/mailFolders/{folderId}/messages/delta",
                10,
                () => [.. mailbox.Messages.Values.Where(message => message.FolderId == folder.Id).Select(message => message.Id)],
                folder.Changes.Since,
                id =>
                    mailbox.Messages.TryGetValue(id, out var message) && message.FolderId == folder.Id
                        ? Expanded(Message(message, immutable), message, expand)
                        : DeltaPages.Removed("#microsoft.graph.message", message is not null ? IdFor(message, immutable) : id)
            );
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task Messages(HttpContext context, string user, string folderId)
    {
        object body;
        lock (tenant)
        {
            var mailbox = tenant.Mailbox(user);
            var folder = FindFolder(mailbox, folderId);
            body = pages.List(
                context.Request,
                $"/users/{user}/mailFolders/{folderId}/messages",
                10,
                [
                    .. mailbox
                        .Messages.Values.Where(message => message.FolderId == folder.Id)
                        .Select(message =>
                            Expanded(Message(message, IsImmutable(context.Request)), message, context.Request.Query["$expand"].ToString())
                        ),
                ]
            );
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task GetFolder(HttpContext context, string user, string folderId)
    {
        object body;
        lock (tenant)
        {
            var mailbox = tenant.Mailbox(user);
            body = Folder(mailbox, FindFolder(mailbox, folderId));
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private async Task Mime(HttpContext context, string user, string id)
    {
        DemoMessage message;
        lock (tenant)
            message = Find(tenant.Mailbox(user), id);
        if (message.IsCorrupt || message.IsUnreadable)
            throw new GraphErrorException(500, "ErrorCorruptData", "Data is corrupt., Invalid global object ID: some ID");
        context.Response.ContentType = "text/plain";
        await using var body = meter.Open(context.Response.Body, "mail:" + message.Id);
        await MimeWriter.WriteAsync(message, body, context.RequestAborted);
    }

    private Task ListAttachments(HttpContext context, string user, string id)
    {
        object body;
        lock (tenant)
            body = new
            {
                value = Find(tenant.Mailbox(user), id)
                    .Attachments.Select(attachment => ODataPaging.Select(Attachments.Json(attachment), context.Request.Query["$select"]))
                    .ToArray(),
            };
        return context.Response.WriteAsJsonAsync(body);
    }

    private Task AttachmentContent(HttpContext context, string user, string id, string attachment)
    {
        DemoAttachment found;
        lock (tenant)
            found = Attachments.Find(Find(tenant.Mailbox(user), id).Attachments, attachment);
        return Attachments.WriteAsync(context, found);
    }

    private Task GetMessage(HttpContext context, string user, string id)
    {
        object body;
        lock (tenant)
        {
            var message = Find(tenant.Mailbox(user), id);
            var whole = !context.Request.Query.ContainsKey("$select");
            if (message.IsUnreadable && whole)
                throw new GraphErrorException(500, "ErrorCorruptData", "Data is corrupt.");
            var item = Message(message, IsImmutable(context.Request));
            if (whole)
                item["body"] = new { contentType = "text", content = MimeWriter.Body(message) };
            item = Expanded(item, message, context.Request.Query["$expand"].ToString());
            if (context.Request.Query["$expand"] == "attachments")
                item["attachments"] = message.Attachments.Select(Attachments.Json).ToArray();
            body = ODataPaging.Select(item, context.Request.Query["$select"]);
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private static bool ShowsHidden(HttpRequest request) =>
        string.Equals(request.Query["includeHiddenFolders"], "true", StringComparison.OrdinalIgnoreCase);

    private static bool IsImmutable(HttpRequest request) => ODataPaging.Prefers(request, "IdType=\"ImmutableId\"");

    public static DemoMailFolder FindFolder(DemoMailbox mailbox, string idOrName) =>
        mailbox.Folders.GetValueOrDefault(idOrName)
        ?? mailbox.Folders.Values.FirstOrDefault(each => string.Equals(each.WellKnownName, idOrName, StringComparison.OrdinalIgnoreCase))
        ?? throw Mailboxes.NotFound();

    private static DemoMessage Find(DemoMailbox mailbox, string id) =>
        mailbox.Messages.GetValueOrDefault(id)
        ?? mailbox.Messages.Values.FirstOrDefault(message => IdFor(message, immutable: false) == id)
        ?? throw Mailboxes.NotFound();

    public static Dictionary<string, object?> Folder(DemoMailbox mailbox, DemoMailFolder folder) =>
        new()
        {
            ["@odata.type"] = folder.IsSearchFolder ? "#microsoft.graph.mailSearchFolder" : "#microsoft.graph.mailFolder",
            ["id"] = folder.Id,
            ["displayName"] = folder.Name,
            ["parentFolderId"] = folder.ParentId ?? "AQMkROOT",
            ["childFolderCount"] = mailbox.Folders.Values.Count(child => child.ParentId == folder.Id && !child.Hidden),
            ["unreadItemCount"] = mailbox.Messages.Values.Count(message => message.FolderId == folder.Id && !message.IsRead),
            ["totalItemCount"] = mailbox.Messages.Values.Count(message => message.FolderId == folder.Id),
            ["isHidden"] = folder.Hidden,
        };

    private static GraphErrorException NoExpand() => new(500, "InternalServerError", "Value cannot be null.\r\nParameter name: type");

    // PidTagMessageSize, if requested as an extended property.
    private static Dictionary<string, object?> Expanded(Dictionary<string, object?> json, DemoMessage message, string expand)
    {
        if (expand.Contains("Integer 0x0E08", StringComparison.Ordinal))
            json["singleValueExtendedProperties"] = new[]
            {
                new
                {
                    id = "Integer 0xe08",
                    value = (message.TextLength + message.Attachments.Sum(each => (long)each.Size) + 2048).ToString(
                        System.Globalization.CultureInfo.InvariantCulture
                    ),
                },
            };
        return json;
    }

    // The first 255 UTF-16 units, even in the middle of a character.
    private static string Preview(DemoMessage message) =>
        MimeWriter.Body(message) is { Length: > 255 } body ? body[..255] : MimeWriter.Body(message);

    /// <summary>A message's properties as returned by delta and by a request for it.</summary>
    public static Dictionary<string, object?> Message(DemoMessage message, bool immutable) =>
        new()
        {
            ["@odata.type"] = "#microsoft.graph.message",
            ["@odata.etag"] = $"W/\"{message.ChangeKey}\"",
            ["id"] = IdFor(message, immutable),
            ["changeKey"] = message.ChangeKey,
            ["subject"] = message.Subject,
            ["receivedDateTime"] = DeltaPages.Time(message.Received),
            ["sentDateTime"] = DeltaPages.Time(message.Sent ?? message.Received.AddSeconds(-2)),
            ["createdDateTime"] = DeltaPages.Time(message.Received),
            ["lastModifiedDateTime"] = DeltaPages.Time(message.Received.AddMinutes(message.Version)),
            ["internetMessageId"] = message.InternetMessageId,
            ["conversationId"] = "AAQk" + message.Id[^8..],
            ["parentFolderId"] = message.FolderId,
            ["isRead"] = message.IsRead,
            ["isDraft"] = message.IsDraft,
            ["importance"] = message.Importance,
            ["inferenceClassification"] = "focused",
            ["hasAttachments"] = message.Attachments.Count + message.AddedAttachments.Count(each => !each.IsInline) > 0,
            ["categories"] = message.Categories,
            ["flag"] = new { flagStatus = message.IsFlagged ? "flagged" : "notFlagged" },
            ["from"] = new { emailAddress = new { name = message.From, address = message.From } },
            ["sender"] = new { emailAddress = new { name = message.From, address = message.From } },
            ["toRecipients"] =
                message.Written is { } written && written.TryGetProperty("toRecipients", out var to)
                    ? to
                    : new[] { new { emailAddress = new { name = message.To, address = message.To } } },
            ["ccRecipients"] = message.Written is { } json && json.TryGetProperty("ccRecipients", out var cc) ? cc : Array.Empty<object>(),
            ["bccRecipients"] = Array.Empty<object>(),
            ["replyTo"] = Array.Empty<object>(),
            ["bodyPreview"] = Preview(message),
            ["isReadReceiptRequested"] = false,
            ["isDeliveryReceiptRequested"] = false,
        };
}
