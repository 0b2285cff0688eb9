namespace KlarKonform.Backup.DemoTenant.Generation;

/// <summary>How large a generated tenant is.</summary>
public sealed record TenantSizes
{
    public int Users { get; init; } = 4;

    public int MailsPerUser { get; init; } = 40;

    public int FilesPerUser { get; init; } = 30;

    /// <summary>Site collections in addition to the personal ones; 0 leaves SharePoint empty.</summary>
    public int Sites { get; init; } = 3;

    public int FilesPerLibrary { get; init; } = 10;

    /// <summary>Largest generated file in bytes; most are much smaller.</summary>
    public int MaxFileBytes { get; init; } = 3_000_000;

    public int EventsPerUser { get; init; } = 12;

    public int ContactsPerUser { get; init; } = 12;

    /// <summary>Share of messages with attachments.</summary>
    public double AttachmentShare { get; init; } = 0.25;

    public int MaxAttachmentBytes { get; init; } = 200_000;

    public int Seed { get; init; } = 1;

    /// <summary>
    /// The year in which the generated world begins. It follows the clock: what is a year ahead today must be a year ahead in ten years.
    /// </summary>
    public int Year { get; init; } = TimeProvider.System.GetUtcNow().Year;
}
