namespace KlarKonform.Backup.DemoTenant.Model;

public sealed class DemoMessage
{
    public required string Id { get; init; }

    public required string FolderId { get; set; }

    public required string Subject { get; init; }

    public required string From { get; init; }

    public required string To { get; init; }

    public required DateTimeOffset Received { get; init; }

    public required long Seed { get; init; }

    public required int TextLength { get; init; }

    public IReadOnlyList<DemoAttachment> Attachments { get; init; } = [];

    public bool IsRead { get; set; }

    public bool IsFlagged { get; set; }

    public string Importance { get; set; } = "normal";

    public List<string> Categories { get; } = [];

    public int Version { get; set; }

    /// <summary>Reading its MIME fails as Exchange's corrupt items do.</summary>
    public bool IsCorrupt { get; set; }

    public string InternetMessageId => $"<{Id.ToLowerInvariant()}@mail.example>";

    public string ChangeKey => $"CQAAA{Version:D6}{Id[^6..]}";
}
