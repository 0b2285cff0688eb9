namespace KlarKonform.Backup.Graph.Http;

/// <summary>A file that is attached to a message or an event.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="IsInline">Whether it is shown inside the text.</param>
/// <param name="ContentId">The id by which the text refers to it, or null.</param>
public sealed record OutlookAttachment(string Name, string ContentType, byte[] Content, bool IsInline, string? ContentId)
{
    /// <summary>In the form that Graph expects inside a request.</summary>
    public Dictionary<string, object?> ToJson()
    {
        var json = new Dictionary<string, object?>
        {
            ["@odata.type"] = "#microsoft.graph.fileAttachment",
            ["name"] = Name,
            ["contentType"] = ContentType,
            ["isInline"] = IsInline,
            ["contentBytes"] = Content,
        };
        if (ContentId is not null)
            json["contentId"] = ContentId;
        return json;
    }
}
