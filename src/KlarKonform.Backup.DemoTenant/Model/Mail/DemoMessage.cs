namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoMessage
{
    public required string Id { get; init; }

    public required string FolderId { get; set; }

    public required string Subject { get; set; }

    public required string From { get; init; }

    public required string To { get; init; }

    public required DateTimeOffset Received { get; init; }

    public required long Seed { get; set; }

    public required int TextLength { get; set; }

    public IReadOnlyList<DemoAttachment> Attachments { get; init; } = [];

    public bool IsRead { get; set; }

    public bool IsFlagged { get; set; }

    public string Importance { get; set; } = "normal";

    public List<string> Categories { get; } = [];

    public int Version { get; set; }

    public bool IsDraft { get; set; }

    /// <summary>The MIME as it is, if it is not the usual text with attachments.</summary>
    public byte[]? RawMime { get; set; }

    /// <summary>When it was sent, if that is not two seconds before it arrived.</summary>
    public DateTimeOffset? Sent { get; init; }

    /// <summary>The JSON from which a client created it.</summary>
    public System.Text.Json.JsonElement? Written { get; init; }

    /// <summary>Attachments that a client added.</summary>
    public List<DemoAttachment> AddedAttachments { get; } = [];

    /// <summary>Size in bytes of an additional, large attachment that is only ever streamed.</summary>
    public int LargeAttachment { get; init; }

    /// <summary>Nothing in it can be read, not even as JSON.</summary>
    public bool IsUnreadable { get; set; }

    /// <summary>Reading its MIME fails, as for Exchange's corrupt items.</summary>
    public bool IsCorrupt { get; set; }

    private string? _internetMessageId;

    public string InternetMessageId
    {
        get => _internetMessageId ?? $"<{Id.ToLowerInvariant()}@mail.example>";
        set => _internetMessageId = value;
    }

    public string ChangeKey => $"CQAAA{Version:D6}{Id[^6..]}";
}
