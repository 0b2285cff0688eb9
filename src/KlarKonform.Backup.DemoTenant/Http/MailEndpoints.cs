using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http;

/// <summary>Users' mail folders and messages, with delta as api-reference/v1.0/api/message-delta.md describes it.</summary>
internal sealed class MailEndpoints(DemoTenantModel tenant, AccessTokens tokens, MailboxLimits limits, RequestCounters counters, string graph)
{
    /// <summary>Delta tokens older than this change are answered with 410; tests move it.</summary>
    public long OldestToken { get; set; }

    public void Map(GraphRoutes routes)
    {
        routes.Get("/users/{user}/mailFolders/delta", (context, values) => FolderDelta(context, values["user"]));
        routes.Get("/users/{user}/mailFolders/{folder}/messages/delta", (context, values) => MessageDelta(context, values["user"], values["folder"]));
        routes.Get("/users/{user}/mailFolders/{folder}", (context, values) => GetFolder(context, values["user"], values["folder"]));
        routes.Get("/users/{user}/messages/{message}/$value", (context, values) => Mime(context, values["user"], values["message"]));
        routes.Get("/users/{user}/messages/{message}/attachments", (context, values) => Attachments(context, values["user"], values["message"]));
        routes.Get("/users/{user}/messages/{message}/attachments/{attachment}", (context, values) => GetAttachment(context, values["user"], values["message"], values["attachment"]));
        routes.Get("/users/{user}/messages/{message}/attachments/{attachment}/$value", (context, values) => AttachmentContent(context, values["user"], values["message"], values["attachment"]));
        routes.Get("/users/{user}/messages/{message}", (context, values) => GetMessage(context, values["user"], values["message"]));
    }

    /// <summary>The id of a message as a client sees it: immutable only when it asks for that, else changing with the folder.</summary>
    public static string IdFor(DemoMessage message, bool immutable) => immutable
        ? message.Id
        : "AAMk" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(message.Id + message.FolderId)))[..40];

    private Task FolderDelta(HttpContext context, string user)
    {
        using var entered = Enter(user);
        counters.Count("mailFolderDelta");
        object body;
        lock (tenant)
        {
            var mailbox = Mailbox(user);
            var hidden = string.Equals(context.Request.Query["includeHiddenFolders"], "true", StringComparison.OrdinalIgnoreCase);
            var page = DeltaPage(context.Request, $"{graph}/users/{user}/mailFolders/delta", 100,
                () => [.. mailbox.Folders.Values.Select(folder => folder.Id)], mailbox.FolderChanges.Since,
                id => mailbox.Folders.TryGetValue(id, out var folder)
                    ? folder.Hidden && !hidden ? null : Folder(mailbox, folder)
                    : Removed("#microsoft.graph.mailFolder", id), hidden ? "&h=1" : "");
            body = page;
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task MessageDelta(HttpContext context, string user, string folderId)
    {
        using var entered = Enter(user);
        counters.Count("messageDelta");
        object body;
        lock (tenant)
        {
            var mailbox = Mailbox(user);
            if (!mailbox.Folders.TryGetValue(folderId, out var folder))
                throw new GraphErrorException(404, "ErrorItemNotFound", "The specified folder could not be found in the store.");
            var immutable = ODataPaging.Prefers(context.Request, "IdType=\"ImmutableId\"");
            var select = context.Request.Query["$select"].ToString();
            body = DeltaPage(context.Request, $"{graph}/users/{user}/mailFolders/{folderId}/messages/delta", 10,
                () => [.. mailbox.Messages.Values.Where(message => message.FolderId == folderId).Select(message => message.Id)], folder.Changes.Since,
                id => mailbox.Messages.TryGetValue(id, out var message) && message.FolderId == folderId
                    ? Message(message, immutable)
                    : Removed("#microsoft.graph.message", message is not null ? IdFor(message, immutable) : id), "", select);
        }

        return context.Response.WriteAsJsonAsync(body);
    }

    private Task GetFolder(HttpContext context, string user, string folderId)
    {
        using var entered = Enter(user);
        counters.Count("mailFolder");
        lock (tenant)
        {
            var mailbox = Mailbox(user);
            var folder = mailbox.Folders.Values.FirstOrDefault(each => each.Id == folderId || each.WellKnownName == folderId)
                ?? throw new GraphErrorException(404, "ErrorItemNotFound", "The specified object was not found in the store.");
            return context.Response.WriteAsJsonAsync(Folder(mailbox, folder));
        }
    }

    private async Task Mime(HttpContext context, string user, string id)
    {
        using var entered = Enter(user);
        counters.Count("mime");
        DemoMessage message;
        lock (tenant)
            message = Find(Mailbox(user), id);
        if (message.IsCorrupt)
            throw new GraphErrorException(500, "ErrorCorruptData", "Data is corrupt., Invalid global object ID: some ID");
        var mime = MimeWriter.Write(message);
        context.Response.ContentType = "text/plain";
        await context.Response.Body.WriteAsync(mime);
    }

    private Task Attachments(HttpContext context, string user, string id)
    {
        using var entered = Enter(user);
        counters.Count("attachments");
        lock (tenant)
        {
            var select = context.Request.Query["$select"].ToString();
            return context.Response.WriteAsJsonAsync(new { value = Find(Mailbox(user), id).Attachments.Select(attachment => ODataPaging.Select(Attachment(attachment), select)).ToArray() });
        }
    }

    private Task GetAttachment(HttpContext context, string user, string id, string attachment)
    {
        using var entered = Enter(user);
        counters.Count("attachment");
        lock (tenant)
            return context.Response.WriteAsJsonAsync(ODataPaging.Select(Attachment(FindAttachment(Find(Mailbox(user), id), attachment)), context.Request.Query["$select"]));
    }

    private async Task AttachmentContent(HttpContext context, string user, string id, string attachment)
    {
        using var entered = Enter(user);
        counters.Count("attachmentContent");
        DemoAttachment found;
        lock (tenant)
            found = FindAttachment(Find(Mailbox(user), id), attachment);
        context.Response.ContentType = found.ContentType;
        await context.Response.Body.WriteAsync(SeededContent.Bytes(found.Seed, found.Size));
    }

    private Task GetMessage(HttpContext context, string user, string id)
    {
        using var entered = Enter(user);
        counters.Count("message");
        lock (tenant)
        {
            var message = Find(Mailbox(user), id);
            var item = Message(message, ODataPaging.Prefers(context.Request, "IdType=\"ImmutableId\""));
            return context.Response.WriteAsJsonAsync(ODataPaging.Select(item, context.Request.Query["$select"]));
        }
    }

    private IDisposable Enter(string user)
    {
        tokens.RequirePermission("Mail.Read", "ErrorAccessDenied");
        return limits.Enter(user);
    }

    private DemoMailbox Mailbox(string idOrName)
    {
        var user = tenant.Users.FirstOrDefault(each => each.Id == idOrName || string.Equals(each.UserPrincipalName, idOrName, StringComparison.OrdinalIgnoreCase))
            ?? throw new GraphErrorException(404, "ErrorInvalidUser", $"The requested user '{idOrName}' is invalid.");
        return user.Mailbox ?? throw new GraphErrorException(404, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise.");
    }

    private static DemoMessage Find(DemoMailbox mailbox, string id) =>
        mailbox.Messages.GetValueOrDefault(id)
        ?? mailbox.Messages.Values.FirstOrDefault(message => IdFor(message, immutable: false) == id)
        ?? throw new GraphErrorException(404, "ErrorItemNotFound", "The specified object was not found in the store.");

    private static DemoAttachment FindAttachment(DemoMessage message, string id) => message.Attachments.FirstOrDefault(attachment => attachment.Id == id)
        ?? throw new GraphErrorException(404, "ErrorItemNotFound", "The specified object was not found in the store.");

    // The size that Graph names includes overhead; contentBytes comes unless the caller selects without it.
    private static Dictionary<string, object?> Attachment(DemoAttachment attachment) => new()
    {
        ["@odata.type"] = "#microsoft.graph.fileAttachment",
        ["id"] = attachment.Id,
        ["name"] = attachment.Name,
        ["contentType"] = attachment.ContentType,
        ["size"] = attachment.Size + 150,
        ["isInline"] = false,
        ["contentBytes"] = Convert.ToBase64String(SeededContent.Bytes(attachment.Seed, attachment.Size)),
    };

    private static Dictionary<string, object?> Folder(DemoMailbox mailbox, DemoMailFolder folder) => new()
    {
        ["@odata.type"] = "#microsoft.graph.mailFolder",
        ["id"] = folder.Id,
        ["displayName"] = folder.Name,
        ["parentFolderId"] = folder.ParentId ?? "AQMkROOT",
        ["childFolderCount"] = mailbox.Folders.Values.Count(child => child.ParentId == folder.Id && !child.Hidden),
        ["unreadItemCount"] = mailbox.Messages.Values.Count(message => message.FolderId == folder.Id && !message.IsRead),
        ["totalItemCount"] = mailbox.Messages.Values.Count(message => message.FolderId == folder.Id),
        ["isHidden"] = folder.Hidden,
    };

    private static Dictionary<string, object?> Message(DemoMessage message, bool immutable) => new()
    {
        ["@odata.type"] = "#microsoft.graph.message",
        ["@odata.etag"] = $"W/\"{message.ChangeKey}\"",
        ["id"] = IdFor(message, immutable),
        ["changeKey"] = message.ChangeKey,
        ["subject"] = message.Subject,
        ["receivedDateTime"] = Time(message.Received),
        ["sentDateTime"] = Time(message.Received.AddSeconds(-2)),
        ["createdDateTime"] = Time(message.Received),
        ["lastModifiedDateTime"] = Time(message.Received.AddMinutes(message.Version)),
        ["internetMessageId"] = message.InternetMessageId,
        ["parentFolderId"] = message.FolderId,
        ["isRead"] = message.IsRead,
        ["isDraft"] = false,
        ["importance"] = message.Importance,
        ["hasAttachments"] = message.Attachments.Count > 0,
        ["categories"] = message.Categories,
        ["flag"] = new { flagStatus = message.IsFlagged ? "flagged" : "notFlagged" },
        ["from"] = new { emailAddress = new { name = message.From, address = message.From } },
    };

    private static Dictionary<string, object?> Removed(string type, string id) => new()
    {
        ["@odata.type"] = type,
        ["id"] = id,
        ["@removed"] = new { reason = "deleted" },
    };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    // A skip token names the round's start, where it began (0: everything) and the place in it; a delta token names the next start.
    private Dictionary<string, object?> DeltaPage(
        HttpRequest request, string url, int normalPage, Func<IReadOnlyList<string>> all, Func<long, IReadOnlyList<string>> since,
        Func<string, Dictionary<string, object?>?> render, string keep, string? select = null)
    {
        long from = 0;
        var start = tenant.Sequence;
        var skip = 0;
        if (request.Query.TryGetValue("$deltatoken", out var delta))
        {
            var parts = ODataPaging.Decode(delta.ToString()).Split('|', 2);
            from = long.Parse(parts[0], CultureInfo.InvariantCulture);
            select = parts[1];
            if (from < OldestToken)
                throw new GraphErrorException(410, "SyncStateNotFound", "The sync state generation is not found.");
        }
        else if (request.Query.TryGetValue("$skiptoken", out var skipToken))
        {
            var parts = ODataPaging.Decode(skipToken.ToString()).Split('|', 4);
            (from, start, skip) = (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
            select = parts[3];
        }

        var size = ODataPaging.PageSize(request, normalPage, 1000);
        var ids = from == 0 ? all() : since(from);
        var items = ids.Skip(skip).Take(size).Select(render).OfType<Dictionary<string, object?>>().Select(item => ODataPaging.Select(item, select)).ToArray();
        var page = new Dictionary<string, object?> { ["@odata.context"] = $"{graph}/$metadata#delta", ["value"] = items };
        if (skip + size < ids.Count)
            page["@odata.nextLink"] = $"{url}?$skiptoken={ODataPaging.Encode($"{from}|{start}|{skip + size}|{select}")}{(keep.Length > 0 ? "&includeHiddenFolders=true" : "")}";
        else
            page["@odata.deltaLink"] = $"{url}?$deltatoken={ODataPaging.Encode($"{start}|{select}")}{(keep.Length > 0 ? "&includeHiddenFolders=true" : "")}";
        return page;
    }
}
