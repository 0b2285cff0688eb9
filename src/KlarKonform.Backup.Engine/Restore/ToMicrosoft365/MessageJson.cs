using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Graph.Http;
using MimeKit;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>
/// A message as Graph accepts it, made from its MIME and the properties next to it. MIME posted directly always becomes a draft dated
/// today; JSON with PR_MESSAGE_FLAGS and the two times does not (MS-OXCMSG 2.2.1.6, MS-OXOMSG).
/// </summary>
internal sealed class MessageJson
{
    // mfSubmitted without mfUnsent: not a draft.
    private const string NoDraft = "4";

    // PR_TRANSPORT_MESSAGE_HEADERS above this size holds nothing that anyone reads.
    private const int MaxHeaders = 64 * 1024;

    private static readonly HashSet<string> s_addresses = ["from", "sender", "bccRecipients"];
    private static readonly HashSet<string> s_states =
    [
        "isRead",
        "importance",
        "categories",
        "inferenceClassification",
        "internetMessageId",
    ];

    // The writable properties of a message that was stored as JSON.
    private static readonly HashSet<string> s_whole = ["subject", "body", "toRecipients", "ccRecipients", "replyTo"];

    private readonly Dictionary<string, object?> _json = [];
    private readonly List<Dictionary<string, string>> _extended = [];

    /// <summary>The attachments.</summary>
    public List<OutlookAttachment> Attachments { get; } = [];

    /// <summary>What could not be carried over, or null.</summary>
    public string? Loss { get; private set; }

    /// <summary>Converts MIME.</summary>
    public static MessageJson FromMime(MimeMessage message, JsonElement graph)
    {
        var result = new MessageJson();
        result._json["subject"] =
            graph.ValueKind == JsonValueKind.Object && graph.TryGetProperty("subject", out var subject) ? subject : message.Subject ?? "";
        result.AddProperties(graph, message.MessageId is { Length: > 0 } id ? $"<{id}>" : null);
        if (!result._json.ContainsKey("from") && message.From.Mailboxes.FirstOrDefault() is { } from)
            result._json["from"] = Recipient(from);
        if (!result._json.ContainsKey("sender") && message.Sender is { } sender)
            result._json["sender"] = Recipient(sender);
        result._json["toRecipients"] = Recipients(message.To);
        result._json["ccRecipients"] = Recipients(message.Cc);
        result._json["replyTo"] = Recipients(message.ReplyTo);
        if (!result._json.ContainsKey("bccRecipients"))
            result._json["bccRecipients"] = Recipients(message.Bcc);
        result.AddTimes(graph, message.Date);
        result.AddHeaders(message);
        if (message.Body is MimeKit.Cryptography.MultipartSigned signed)
            result.AddSigned(message, signed);
        else if (message.Body is MimeKit.Cryptography.ApplicationPkcs7Mime sealedPart)
            result.AddSealed(sealedPart);
        else
            result.AddBody(message);
        return result;
    }

    /// <summary>Converts a message that was stored as JSON because its MIME was not available.</summary>
    public static MessageJson FromJson(JsonElement whole, JsonElement graph)
    {
        var result = new MessageJson();
        foreach (var property in whole.EnumerateObject().Where(property => s_whole.Contains(property.Name)))
            result._json[property.Name] = property.Value;
        result.AddProperties(graph.ValueKind == JsonValueKind.Object ? graph : whole, null);
        result.AddTimes(graph.ValueKind == JsonValueKind.Object ? graph : whole, default);
        foreach (var attachment in whole.Array("attachments"))
        {
            if (attachment.Text("contentBytes") is { Length: > 0 } bytes)
                result.Attachments.Add(
                    new OutlookAttachment(
                        attachment.Text("name"),
                        attachment.Text("contentType"),
                        Convert.FromBase64String(bytes),
                        attachment.Flag("isInline"),
                        attachment.Text("contentId") is { Length: > 0 } id ? id : null
                    )
                );
            else
                result.Loss = Texts.Get("RestoreAttachmentLost", attachment.Text("name"));
        }

        return result;
    }

    /// <summary>The request, with as many attachments as fit, and the attachments that must follow.</summary>
    /// <param name="limit">Maximum size of a request in bytes.</param>
    public (byte[] Json, IReadOnlyList<OutlookAttachment> Later) Write(int limit)
    {
        _json["singleValueExtendedProperties"] = _extended;
        var later = new List<OutlookAttachment>();
        var room = limit - JsonSerializer.SerializeToUtf8Bytes(_json).Length;
        var now = new List<Dictionary<string, object?>>();

        // Small ones first: then most of them are there from the beginning.
        foreach (var attachment in Attachments.OrderBy(each => each.Content.Length))
        {
            var size = (attachment.Content.Length * 4L / 3) + 1024;
            if (size <= room && attachment.Content.Length <= OutlookAttachments.MaxInline)
            {
                now.Add(attachment.ToJson());
                room -= (int)size;
            }
            else
            {
                later.Add(attachment);
            }
        }

        if (now.Count > 0)
            _json["attachments"] = now;
        return (JsonSerializer.SerializeToUtf8Bytes(_json), later);
    }

    private void AddProperties(JsonElement graph, string? messageId)
    {
        foreach (var property in graph.ValueKind == JsonValueKind.Object ? graph.EnumerateObject() : default)
        {
            if ((s_addresses.Contains(property.Name) || s_states.Contains(property.Name)) && property.Value.ValueKind != JsonValueKind.Null)
                _json[property.Name] = property.Value;
        }

        if (messageId is not null)
            _json.TryAdd("internetMessageId", messageId);
        if (graph.Object("flag") is { ValueKind: JsonValueKind.Object } flag)
            _json["flag"] = flag.EnumerateObject()
                .Where(property => !property.Name.StartsWith('@'))
                .ToDictionary(property => property.Name, property => property.Value);
        if (!graph.Flag("isDraft"))
            Extend("Integer 0x0E07", NoDraft);
    }

    private void AddTimes(JsonElement graph, DateTimeOffset date)
    {
        var received = graph.Time("receivedDateTime", "createdDateTime") is var time && time != DateTimeOffset.UnixEpoch ? time : date;
        var sent = graph.Time("sentDateTime") is var moment && moment != DateTimeOffset.UnixEpoch ? moment : date;
        if (received != default)
            Extend("SystemTime 0x0E06", Time(received));
        if (sent != default)
            Extend("SystemTime 0x0039", Time(sent));
    }

    private void AddHeaders(MimeMessage message)
    {
        var text = string.Concat(message.Headers.Select(header => $"{header.Field}: {header.Value}\r\n"));
        Extend("String 0x007D", text.Length > MaxHeaders ? text[..MaxHeaders] : text);
        if (message.Headers[HeaderId.InReplyTo] is { Length: > 0 } reply)
            Extend("String 0x1042", reply);
        if (message.Headers[HeaderId.References] is { Length: > 0 } references)
            Extend("String 0x1039", references);
        if (
            message.Headers["Thread-Index"] is { Length: > 0 } index
            && Convert.TryFromBase64String(index.Trim(), new byte[index.Length], out _)
        )
            Extend("Binary 0x0071", index.Trim());
    }

    // Exchange keeps a clear-signed message as one attachment that contains all of it (MS-OXOSMIME 2.1.3.1): so the signature stays valid.
    private void AddSigned(MimeMessage message, MimeKit.Cryptography.MultipartSigned signed)
    {
        using var content = new MemoryStream();
        signed.WriteTo(content);
        Extend("String 0x001A", "IPM.Note.SMIME.MultipartSigned");
        Attachments.Add(new OutlookAttachment("smime.p7m", "multipart/signed", content.ToArray(), false, null));
        SetBody(message);
    }

    private void AddSealed(MimeKit.Cryptography.ApplicationPkcs7Mime part)
    {
        Extend("String 0x001A", "IPM.Note.SMIME");
        Attachments.Add(new OutlookAttachment("smime.p7m", "application/pkcs7-mime", Bytes(part), false, null));
    }

    private void AddBody(MimeMessage message)
    {
        var shown = SetBody(message);
        foreach (var part in message.BodyParts)
        {
            if (part is TextPart text && shown.Contains(text))
                continue;
            Attachments.Add(Attachment(part, Attachments.Count + 1));
        }
    }

    /// <summary>Sets the text and returns the parts that it stands for: that part itself, and its alternatives.</summary>
    private HashSet<TextPart> SetBody(MimeMessage message)
    {
        var texts = message.BodyParts.OfType<TextPart>().Where(part => !part.IsAttachment && (part.IsHtml || part.IsPlain)).ToArray();
        var (html, plain) = (message.HtmlBody, message.TextBody);
        _json["body"] = new { contentType = html is not null ? "html" : "text", content = html ?? plain ?? "" };
        var shown = new HashSet<TextPart>();
        if (html is not null && texts.FirstOrDefault(part => part.IsHtml) is { } first)
            shown.Add(first);
        if (
            plain is not null
            && texts.FirstOrDefault(part => part.IsPlain) is { } alternative
            && (html is null || message.Body is MultipartAlternative || IsAlternative(message.Body, alternative))
        )
            shown.Add(alternative);
        return shown;
    }

    private static bool IsAlternative(MimeEntity? entity, TextPart part) =>
        entity is Multipart multipart
        && (multipart is MultipartAlternative ? Holds(multipart, part) : multipart.Any(child => IsAlternative(child, part)));

    private static bool Holds(Multipart multipart, TextPart part) =>
        multipart.Any(child => child == part || (child is Multipart inner && Holds(inner, part)));

    private static OutlookAttachment Attachment(MimeEntity part, int number)
    {
        if (part is MessagePart { Message: { } inner })
        {
            using var mail = new MemoryStream();
            inner.WriteTo(mail);
            return new OutlookAttachment(
                Name(part)
                    ?? (inner.Subject is { Length: > 0 } subject ? SafeName.From(subject) : number.ToString(CultureInfo.InvariantCulture))
                        + ".eml",
                "message/rfc822",
                mail.ToArray(),
                false,
                null
            );
        }

        var type = part.ContentType.MimeType;
        var isInline = part.ContentId is { Length: > 0 } && !part.IsAttachment;
        var name = Name(part) ?? number.ToString(CultureInfo.InvariantCulture) + ExtensionOf(type);
        return new OutlookAttachment(
            name,
            type,
            part is MimePart { Content: not null } content ? Bytes(content) : Raw(part),
            isInline,
            part.ContentId
        );
    }

    private static string ExtensionOf(string type) =>
        type switch
        {
            "text/calendar" => ".ics",
            "text/plain" => ".txt",
            "text/html" => ".html",
            "image/png" => ".png",
            "image/jpeg" => ".jpg",
            "image/gif" => ".gif",
            _ => ".bin",
        };

    private static string? Name(MimeEntity part) =>
        part.ContentDisposition?.FileName is { Length: > 0 } name ? name
        : part.ContentType.Name is { Length: > 0 } other ? other
        : null;

    private static byte[] Bytes(MimePart part)
    {
        using var content = new MemoryStream();
        part.Content?.DecodeTo(content);
        return content.ToArray();
    }

    private static byte[] Raw(MimeEntity part)
    {
        using var content = new MemoryStream();
        part.WriteTo(content);
        return content.ToArray();
    }

    private static object[] Recipients(InternetAddressList addresses) => [.. addresses.Mailboxes.Select(Recipient)];

    private static object Recipient(MailboxAddress address) =>
        new { emailAddress = new { name = address.Name is { Length: > 0 } name ? name : address.Address, address = address.Address } };

    private void Extend(string id, string value) => _extended.Add(new Dictionary<string, string> { ["id"] = id, ["value"] = value });

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
