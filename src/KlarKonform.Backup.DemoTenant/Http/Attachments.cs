using KlarKonform.Backup.DemoTenant.Generation;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http;

/// <summary>What is attached to messages and events.</summary>
internal static class Attachments
{
    public static DemoAttachment Find(IEnumerable<DemoAttachment> attachments, string id) => attachments.FirstOrDefault(attachment => attachment.Id == id) ?? throw Mailboxes.NotFound();

    // The size that Graph names includes overhead; contentBytes comes unless the caller selects without it.
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
            ["lastModifiedDateTime"] = "2026-01-01T08:00:00Z",
        };
        if (!attachment.IsReference)
            json["contentBytes"] = Convert.ToBase64String(SeededContent.Bytes(attachment.Seed, attachment.Size));
        return json;
    }

    public static async Task WriteAsync(HttpContext context, DemoAttachment attachment)
    {
        if (attachment.IsReference)
            throw new GraphErrorException(405, "ErrorInvalidRequest", "The OData request is not supported for a reference attachment.");
        context.Response.ContentType = attachment.ContentType;
        await context.Response.Body.WriteAsync(SeededContent.Bytes(attachment.Seed, attachment.Size));
    }
}
