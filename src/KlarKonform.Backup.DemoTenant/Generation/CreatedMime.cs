using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Model;
using MimeKit;
using MimeKit.Utils;

namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>The MIME of a message that was created from JSON, as Exchange would write it.</summary>
internal static class CreatedMime
{
    public static byte[] Write(JsonElement json, IEnumerable<DemoAttachment> attachments, string messageId, DateTimeOffset sent)
    {
        var message = new MimeMessage
        {
            Subject = Text(json, "subject"),
            Date = sent,
            MessageId = messageId.Trim('<', '>'),
        };
        Add(message.From, json, "from");
        foreach (
            var (list, name) in ((InternetAddressList, string)[])
                [(message.To, "toRecipients"), (message.Cc, "ccRecipients"), (message.Bcc, "bccRecipients"), (message.ReplyTo, "replyTo")]
        )
        {
            foreach (var each in CreatedMime.Array(json, name))
                list.Add(Address(each));
        }

        var builder = new BodyBuilder();
        if (json.TryGetProperty("body", out var body))
        {
            if (string.Equals(Text(body, "contentType"), "html", StringComparison.OrdinalIgnoreCase))
                builder.HtmlBody = Text(body, "content");
            else
                builder.TextBody = Text(body, "content");
        }

        foreach (var attachment in attachments)
        {
            var type = ContentType.TryParse(attachment.ContentType, out var parsed)
                ? parsed
                : new ContentType("application", "octet-stream");
            if (type.IsMimeType("message", "*") || type.IsMimeType("multipart", "*"))
                type = new ContentType("application", "octet-stream");
            var entity = attachment.IsInline
                ? builder.LinkedResources.Add(attachment.Name, attachment.Content, type)
                : builder.Attachments.Add(attachment.Name, attachment.Content, type);
            if (attachment.ContentId is { Length: > 0 } id)
                entity.ContentId = id;
        }

        message.Body = builder.ToMessageBody();
        using var stream = new MemoryStream();
        message.WriteTo(stream);
        return stream.ToArray();
    }

    /// <summary>A message's own headers: for one that was created from MIME.</summary>
    public static (string Subject, string From, string To, string MessageId, DateTimeOffset Date) Read(byte[] mime)
    {
        using var stream = new MemoryStream(mime);
        var message = MimeMessage.Load(stream);
        return (
            message.Subject ?? "",
            message.From.Mailboxes.FirstOrDefault()?.Address ?? "",
            message.To.Mailboxes.FirstOrDefault()?.Address ?? "",
            $"<{message.MessageId ?? MimeUtils.GenerateMessageId()}>",
            message.Date
        );
    }

    public static string Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    public static IEnumerable<JsonElement> Array(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : [];

    public static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static void Add(InternetAddressList list, JsonElement json, string name)
    {
        if (json.TryGetProperty(name, out var one) && one.ValueKind == JsonValueKind.Object)
            list.Add(Address(one));
    }

    private static MailboxAddress Address(JsonElement recipient)
    {
        var address = recipient.GetProperty("emailAddress");
        return new MailboxAddress(Text(address, "name"), Text(address, "address"));
    }
}
