namespace KlarKonform.Backup;

/// <summary>What becomes of an item in later snapshots when it was deleted in Microsoft 365.</summary>
public enum DeletedItemsPolicy
{
    /// <summary>It is in older snapshots only.</summary>
    DropWithSource,

    /// <summary>It stays in later snapshots, below <c>.deleted</c>, until the retention is over.</summary>
    KeepUntilRetention,
}
