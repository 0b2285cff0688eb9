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

    /// <summary>The MIME as it is, where it is not the usual text with attachments.</summary>
    public byte[]? RawMime { get; init; }

    /// <summary>Bytes of one more, large attachment that is only ever streamed.</summary>
    public int LargeAttachment { get; init; }

    /// <summary>Nothing of it can be read, not even as JSON.</summary>
    public bool IsUnreadable { get; set; }

    /// <summary>Reading its MIME fails as Exchange's corrupt items do.</summary>
    public bool IsCorrupt { get; set; }

    public string InternetMessageId => $"<{Id.ToLowerInvariant()}@mail.example>";

    public string ChangeKey => $"CQAAA{Version:D6}{Id[^6..]}";
}
