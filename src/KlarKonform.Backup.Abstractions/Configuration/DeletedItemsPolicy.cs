namespace KlarKonform.Backup;

/// <summary>What happens in later snapshots to an item that was deleted in Microsoft 365.</summary>
public enum DeletedItemsPolicy
{
    /// <summary>It is only in older snapshots.</summary>
    DropWithSource,

    /// <summary>It stays in later snapshots, below <c>.deleted</c>, until its retention expires.</summary>
    KeepUntilRetention,
}
