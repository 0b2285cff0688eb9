using System.Text.Json;
using KlarKonform.Backup.WhatsApp.Archive;

namespace KlarKonform.Backup.WhatsApp.Webhooks;

/// <summary>Turns a message from Meta into a line: every documented type, and any later one.</summary>
internal static class MessageReader
{
    // The latest time, in seconds, that a DateTimeOffset can represent.
    private const long MaxSeconds = 253_402_300_799;

    public static ChatLine Read(JsonElement message, ChatParty? from, bool outgoing, string source, DateTimeOffset received)
    {
        var type = message.Text("type") ?? "unknown";
        var content = message.Get(type);
        var (record, text, target) = type switch
        {
            "text" => (ChatRecord.Message, content.Text("body"), null),
            "image" or "video" or "document" or "audio" or "sticker" => (ChatRecord.Message, content.Text("caption"), null),
            "location" => (ChatRecord.Message, Place(content), null),
            "contacts" => (ChatRecord.Message, string.Join("; ", message.List("contacts").Select(Contact)), null),
            "reaction" => (ChatRecord.Reaction, content.Text("emoji"), content.Text("message_id")),
            "interactive" => (ChatRecord.Message, Interactive(content), null),
            "button" => (ChatRecord.Message, content.Text("text") ?? content.Text("payload"), null),
            "order" => (ChatRecord.Message, Order(content), null),
            "system" => (ChatRecord.Message, content.Text("body"), null),
            "edit" => (ChatRecord.Edit, Said(content.Get("message")), content.Text("original_message_id")),
            "revoke" => (ChatRecord.Revoke, null, content.Text("original_message_id")),
            _ => (
                ChatRecord.Message,
                message
                    .List("errors")
                    .Select(error => error.Text("title") ?? error.Text("message"))
                    .FirstOrDefault(title => title is not null),
                (string?)null
            ),
        };
        return new ChatLine
        {
            Id = message.Text("id") ?? IdOf(message),
            Record = record,
            Time = TimeOf(message, received),
            From = from,
            Outgoing = outgoing,
            Type = type,
            Text = text is { Length: > 0 } ? text : null,
            Media =
                content.Text("id") is { } id && type is "image" or "video" or "document" or "audio" or "sticker"
                    ? Media(content, id)
                    : null,
            Target = target ?? message.Get("context").Text("id"),
            Forwarded = message.Get("context").Flag("forwarded") || message.Get("context").Flag("frequently_forwarded"),
            Source = source,
            Raw = message.Kept(),
        };
    }

    /// <summary>An id for something without one: the same for the same JSON.</summary>
    public static string IdOf(JsonElement element) =>
        "raw:"
        + Convert
            .ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(element.GetRawText())))[..32]
            .ToLowerInvariant();

    public static DateTimeOffset TimeOf(JsonElement item, DateTimeOffset received) =>
        item.Number("timestamp") is { } seconds and > 0 and <= MaxSeconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : received;

    /// <summary>A SHA-256 as hex; Meta writes it in hex or in base64.</summary>
    public static string? Hash(string? text)
    {
        if (text is { Length: 64 } && text.All(char.IsAsciiHexDigit))
            return text.ToLowerInvariant();
        Span<byte> hash = stackalloc byte[48];
        return text is not null && Convert.TryFromBase64String(text, hash, out var count) && count == 32
            ? Convert.ToHexString(hash[..32]).ToLowerInvariant()
            : null;
    }

    private static ChatMedia Media(JsonElement content, string id) =>
        new()
        {
            Id = id,
            Name = content.Text("filename"),
            MimeType = content.Text("mime_type"),
            Sha256 = Hash(content.Text("sha256")),
            State = MediaState.Pending,
        };

    private static string? Said(JsonElement message) =>
        message.Text("type") is { } type
            ? message.Get(type).Text("body") ?? message.Get(type).Text("caption")
            : message.Get("text").Text("body");

    private static string Place(JsonElement place) =>
        string.Join(
            ", ",
            new[]
            {
                place.Text("name"),
                place.Text("address"),
                $"{place.Text("latitude")} {place.Text("longitude")}".Trim(),
                place.Text("url"),
            }.Where(part => part is { Length: > 0 })
        );

    private static string Contact(JsonElement contact) =>
        string.Join(
            ", ",
            new[] { contact.Get("name").Text("formatted_name") }
                .Concat(contact.List("phones").Select(phone => phone.Text("phone")))
                .Concat(contact.List("emails").Select(mail => mail.Text("email")))
                .Where(part => part is not null)
        );

    private static string? Interactive(JsonElement content) =>
        content.Text("type") is { } kind && content.Get(kind) is { ValueKind: JsonValueKind.Object } reply
            ? reply.Text("title") ?? reply.Text("body") ?? reply.Text("response_json") ?? reply.Text("response")
            : null;

    private static string Order(JsonElement order) =>
        string.Join(
            "\n",
            new[] { order.Text("text") }
                .Concat(
                    order
                        .List("product_items")
                        .Select(item =>
                            (
                                $"{item.Text("quantity")} × {item.Text("product_retailer_id")} "
                                + $"{item.Text("item_price")} {item.Text("currency")}"
                            ).Trim()
                        )
                )
                .Where(line => line is { Length: > 0 })
        );
}
