namespace KlarKonform.Backup;

/// <summary>
/// A failure that an admin has accepted: what it covers is not in the backup, and the admin has given a reason why that is acceptable.
/// </summary>
public sealed record AcceptedFailure
{
    /// <summary>The resource's kind: Mail, OneDrive, …</summary>
    public required string Kind { get; init; }

    /// <summary>The resource's name, as in <see cref="ItemFailure.Resource"/>.</summary>
    public required string Resource { get; init; }

    /// <summary>The item's id, as in <see cref="ItemFailure.ItemId"/>.</summary>
    public required string ItemId { get; init; }

    /// <summary>The error code that was accepted: another failure of the same item is a new one.</summary>
    public required string Code { get; init; }

    /// <summary>Why it is accepted.</summary>
    public required string Reason { get; init; }

    /// <summary>Who accepted it.</summary>
    public string Author { get; init; } = "";

    /// <summary>When it was accepted; UTC.</summary>
    public DateTimeOffset Accepted { get; init; }

    /// <summary>Whether it covers a failure.</summary>
    public bool Covers(ItemFailure failure) =>
        string.Equals(Kind, failure.Kind, StringComparison.OrdinalIgnoreCase)
        && string.Equals(Resource, failure.Resource, StringComparison.OrdinalIgnoreCase)
        && ItemId == failure.ItemId
        && Code == failure.Code;
}
