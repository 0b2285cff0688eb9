using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>Attachments of messages and events.</summary>
internal static class Attachments
{
    public static DemoAttachment Find(IEnumerable<DemoAttachment> attachments, string id) =>
        attachments.FirstOrDefault(attachment => attachment.Id == id) ?? throw Mailboxes.NotFound();

    // Graph's size includes overhead; contentBytes is returned unless the caller's selection leaves it out.
    public static Dictionary<string, object?> Json(DemoAttachment attachment)
    {
        var json = new Dictionary<string, object?>
        {
            ["@odata.type"] = attachment.IsReference ? "#microsoft.graph.referenceAttachment" : "#microsoft.graph.fileAttachment",
            ["id"] = attachment.Id,
            ["name"] = attachment.Name,
            ["contentType"] = attachment.ContentType,
            ["size"] = attachment.Size + 150,
            ["isInline"] = attachment.IsInline,
            ["contentId"] = attachment.ContentId,
            ["lastModifiedDateTime"] = "2026-01-01T08:00:00Z",
        };
        if (!attachment.IsReference)
            json["contentBytes"] = Convert.ToBase64String(attachment.Content);
        return json;
    }

    /// <summary>An attachment that a client adds in one request.</summary>
    public static DemoAttachment Read(JsonElement json, int limit, string id)
    {
        if (CreatedMime.Text(json, "@odata.type") != "#microsoft.graph.fileAttachment")
            throw new GraphErrorException(400, "ErrorInvalidRequest", "The attachment's type is missing or not supported.");
        var bytes = Convert.FromBase64String(CreatedMime.Text(json, "contentBytes"));
        if (bytes.Length >= limit)
            throw new GraphErrorException(413, "ErrorMessageSizeExceeded", "The attachment is too large; use an upload session.");
        return New(json, bytes, id);
    }

    /// <summary>An upload session for a large attachment.</summary>
    public static object Session(UploadSessions uploads, JsonElement item, Action<DemoAttachment> add) =>
        new Dictionary<string, object>
        {
            ["uploadUrl"] = uploads.Issue(
                isAttachment: true,
                bytes =>
                {
                    add(New(item, bytes, ""));
                    return new { };
                }
            ),
            ["expirationDateTime"] = DateTimeOffset.UtcNow.AddHours(1),
            ["nextExpectedRanges"] = new[] { "0-" },
        };

    private static DemoAttachment New(JsonElement json, byte[] bytes, string id) =>
        new(
            id,
            CreatedMime.Text(json, "name"),
            CreatedMime.Text(json, "contentType") is { Length: > 0 } type ? type : "application/octet-stream",
            0,
            bytes.Length
        )
        {
            Bytes = bytes,
            IsInline = json.TryGetProperty("isInline", out var inline) && inline.ValueKind == JsonValueKind.True,
            ContentId = CreatedMime.Text(json, "contentId") is { Length: > 0 } contentId ? contentId : null,
        };

    public static async Task WriteAsync(HttpContext context, DemoAttachment attachment)
    {
        if (attachment.IsReference)
            throw new GraphErrorException(405, "ErrorInvalidRequest", "The OData request is not supported for a reference attachment.");
        context.Response.ContentType = attachment.ContentType;
        await context.Response.Body.WriteAsync(attachment.Content);
    }
}
