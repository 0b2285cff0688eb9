namespace KlarKonform.Backup;

/// <summary>
/// The words of <see cref="RestoredItem.Status"/>. The property is text and no enumeration: ConvertTo-Json would write numbers, and results
/// of a job or of another computer would no longer compare equal to these words.
/// </summary>
public static class RestoreOutcomes
{
    /// <summary>The item was written.</summary>
    public const string Restored = "Restored";

    /// <summary>Nothing was written: the item existed, or cannot be restored there.</summary>
    public const string Skipped = "Skipped";

    /// <summary>The item could not be written.</summary>
    public const string Failed = "Failed";
}
