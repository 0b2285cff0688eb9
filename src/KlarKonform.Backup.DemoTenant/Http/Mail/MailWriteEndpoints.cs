using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Http.Protocol;
using KlarKonform.Backup.DemoTenant.Http.Routing;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Mail;

/// <summary>
/// Writing mail (api-reference/v1.0: user-post-mailfolders, user-post-messages, message-post-attachments): MIME always creates a draft,
/// JSON does unless PR_MESSAGE_FLAGS is given without its bit mfUnsent.
/// </summary>
internal sealed class MailWriteEndpoints(DemoTenantModel tenant, UploadSessions uploads)
{
    private const string Permission = "Mail.ReadWrite";
    private const string Flags = "Integer 0x0E07";
    private const string Delivered = "SystemTime 0x0E06";
    private const string Submitted = "SystemTime 0x0039";
    private const int Unsent = 8;
    private const int MaxAttachment = 3_000_000;

    // What a client may set when it creates a message; any other property is refused, so that no client relies on what Graph ignores.
    private static readonly HashSet<string> s_writable =
    [
        "subject",
        "body",
        "from",
        "sender",
        "toRecipients",
        "ccRecipients",
        "bccRecipients",
        "replyTo",
        "isRead",
        "importance",
        "categories",
        "flag",
        "inferenceClassification",
        "internetMessageId",
        "internetMessageHeaders",
        "singleValueExtendedProperties",
        "attachments",
    ];

    public void Map(GraphRoutes routes)
    {
        void Post(string pattern, string kind, Func<HttpContext, RouteValues, Task> handler) =>
            routes.Outlook("/users/{user}/" + pattern, Permission, kind, handler, "POST");
        routes.Outlook("/users/{user}/sendMail", "Mail.Send", "sendMail", (context, values) => Send(context, values["user"]), "POST");
        Post("mailFolders", "createFolder", (context, values) => CreateFolder(context, values["user"], "msgfolderroot"));
        Post(
            "mailFolders/{folder}/childFolders",
            "createFolder",
            (context, values) => CreateFolder(context, values["user"], values["folder"])
        );
        Post("mailFolders/{folder}/messages", "createMessage", (context, values) => Create(context, values["user"], values["folder"]));
        Post("messages/{message}/attachments", "addAttachment", (context, values) => Attach(context, values["user"], values["message"]));
        Post(
            "messages/{message}/attachments/createUploadSession",
            "uploadSession",
            (context, values) => UploadSession(context, values["user"], values["message"])
        );
        routes.Outlook(
            "/users/{user}/messages/{message}",
            Permission,
            "deleteMessage",
            (context, values) =>
            {
                lock (tenant)
                {
                    var mailbox = tenant.Mailbox(values["user"]);
                    mailbox.Delete(Find(mailbox, values["message"]));
                }

                context.Response.StatusCode = 204;
                return Task.CompletedTask;
            },
            "DELETE"
        );
    }

    private Task Send(HttpContext context, string user)
    {
        var message = GraphRoutes.Json(context).GetProperty("message");
        lock (tenant)
        {
            tenant.Mailbox(user);
            tenant.SentMails.Add(
                (
                    user,
                    string.Join(
                        ',',
                        message
                            .GetProperty("toRecipients")
                            .EnumerateArray()
                            .Select(each => CreatedMime.Text(each.GetProperty("emailAddress"), "address"))
                    ),
                    CreatedMime.Text(message, "subject")
                )
            );
        }

        context.Response.StatusCode = 202;
        return Task.CompletedTask;
    }

    private Task CreateFolder(HttpContext context, string user, string parent)
    {
        var name = CreatedMime.Text(GraphRoutes.Json(context), "displayName");
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var mailbox = tenant.Mailbox(user);
                var above = MailEndpoints.FindFolder(mailbox, parent);
                if (name.Length == 0)
                    throw new GraphErrorException(400, "ErrorInvalidRequest", "The folder's name is missing.");
                if (
                    mailbox.Folders.Values.Any(each =>
                        each.ParentId == above.Id && string.Equals(each.Name, name, StringComparison.OrdinalIgnoreCase)
                    )
                )
                    throw new GraphErrorException(409, "ErrorFolderExists", "A folder with the specified name already exists.");
                context.Response.StatusCode = 201;
                return MailEndpoints.Folder(mailbox, mailbox.AddFolder(NewId("AQMkNEW"), above.Id, name));
            }
        );
    }

    private Task Create(HttpContext context, string user, string folderId)
    {
        var body = GraphRoutes.Body(context);
        var isMime = context.Request.ContentType?.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase) == true;
        var json = isMime ? default : GraphRoutes.Json(context);
        return context.AnswerAsync(
            tenant,
            () =>
            {
                var mailbox = tenant.Mailbox(user);
                if (mailbox.IsOverQuota)
                    throw new GraphErrorException(403, "ErrorQuotaExceeded", "The mailbox exceeded its quota.");
                var folder = MailEndpoints.FindFolder(mailbox, folderId);
                var message = isMime ? OfMime(folder, body) : OfJson(folder, json);
                mailbox.Add(message);
                context.Response.StatusCode = 201;
                return MailEndpoints.Message(message, immutable: true);
            }
        );
    }

    private static DemoMessage OfMime(DemoMailFolder folder, byte[] body)
    {
        byte[] mime;
        try
        {
            mime = Convert.FromBase64String(Encoding.ASCII.GetString(body));
        }
        catch (FormatException)
        {
            throw new GraphErrorException(400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.");
        }

        var (subject, from, to, id, _) = CreatedMime.Read(mime);
        return new DemoMessage
        {
            Id = NewId("AAkALgNEW"),
            FolderId = folder.Id,
            Subject = subject,
            From = from,
            To = to,
            Received = DateTimeOffset.UtcNow,
            Seed = 0,
            TextLength = 0,
            RawMime = mime,
            IsDraft = true,
            InternetMessageId = id,
        };
    }

    private static DemoMessage OfJson(DemoMailFolder folder, JsonElement json)
    {
        if (json.EnumerateObject().Select(property => property.Name).FirstOrDefault(name => !s_writable.Contains(name)) is { } unknown)
            throw new GraphErrorException(
                400,
                "RequestBodyRead",
                $"The property '{unknown}' does not exist on type 'microsoft.graph.message' or cannot be set."
            );
        var extended = Extended(json);
        var received = extended.TryGetValue(Delivered, out var delivered) ? CreatedMime.Time(delivered) : null;
        var sent = extended.TryGetValue(Submitted, out var submitted) ? CreatedMime.Time(submitted) : null;
        var recipient =
            json.TryGetProperty("toRecipients", out var to) && to.GetArrayLength() > 0
                ? CreatedMime.Text(to[0].GetProperty("emailAddress"), "address")
                : "";
        var id = NewId("AAkALgNEW");
        var message = new DemoMessage
        {
            Id = id,
            FolderId = folder.Id,
            Subject = CreatedMime.Text(json, "subject"),
            To = recipient,
            Seed = 0,
            TextLength = 0,
            From = json.TryGetProperty("from", out var from) ? CreatedMime.Text(from.GetProperty("emailAddress"), "address") : "",
            Received = received ?? DateTimeOffset.UtcNow,
            Sent = sent ?? received ?? DateTimeOffset.UtcNow,
            IsRead = json.TryGetProperty("isRead", out var read) && read.GetBoolean(),
            IsDraft =
                !extended.TryGetValue(Flags, out var flags)
                || (int.Parse(flags, System.Globalization.CultureInfo.InvariantCulture) & Unsent) != 0,
            IsFlagged = json.TryGetProperty("flag", out var flag) && CreatedMime.Text(flag, "flagStatus") == "flagged",
            Importance = CreatedMime.Text(json, "importance") is { Length: > 0 } importance ? importance : "normal",
            Written = json.Clone(),
        };
        if (CreatedMime.Text(json, "internetMessageId") is { Length: > 0 } messageId)
            message.InternetMessageId = messageId;
        if (json.TryGetProperty("categories", out var categories))
            message.Categories.AddRange(categories.EnumerateArray().Select(each => each.GetString()!));
        foreach (var attachment in CreatedMime.Array(json, "attachments"))
            message.AddedAttachments.Add(Attachments.Read(attachment, MaxAttachment, NewId("AT")));
        message.RawMime = CreatedMime.Write(json, message.AddedAttachments, message.InternetMessageId, message.Sent ?? message.Received);
        return message;
    }

    private Task Attach(HttpContext context, string user, string id)
    {
        var json = GraphRoutes.Json(context);
        return context.AnswerAsync(
            tenant,
            () =>
            {
                context.Response.StatusCode = 201;
                return Attachments.Json(Add(user, id, Attachments.Read(json, MaxAttachment, NewId("AT"))));
            }
        );
    }

    private Task UploadSession(HttpContext context, string user, string id)
    {
        var item = GraphRoutes.Json(context).GetProperty("AttachmentItem");
        return context.AnswerAsync(
            tenant,
            () =>
            {
                Find(tenant.Mailbox(user), id);
                context.Response.StatusCode = 201;
                return Attachments.Session(
                    uploads,
                    item,
                    attachment =>
                    {
                        lock (tenant)
                            Add(user, id, attachment with { Id = NewId("AT") });
                    }
                );
            }
        );
    }

    private DemoAttachment Add(string user, string id, DemoAttachment attachment)
    {
        var mailbox = tenant.Mailbox(user);
        var message = Find(mailbox, id);
        if (message.Written is not { } json)
            throw new GraphErrorException(
                400,
                "ErrorInvalidRequest",
                "Attachments can be added to messages of the client's own making only."
            );
        message.AddedAttachments.Add(attachment);
        message.RawMime = CreatedMime.Write(json, message.AddedAttachments, message.InternetMessageId, message.Sent ?? message.Received);
        mailbox.Touch(message);
        return attachment;
    }

    private static DemoMessage Find(DemoMailbox mailbox, string id) => mailbox.Messages.GetValueOrDefault(id) ?? throw Mailboxes.NotFound();

    private static Dictionary<string, string> Extended(JsonElement json) =>
        json.TryGetProperty("singleValueExtendedProperties", out var all)
            ? all.EnumerateArray()
                .ToDictionary(
                    each => each.GetProperty("id").GetString()!,
                    each => each.GetProperty("value").GetString()!,
                    StringComparer.OrdinalIgnoreCase
                )
            : [];

    private static string NewId(string prefix) => prefix + Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
}
