namespace KlarKonform.Backup;

/// <summary>What a hold covers.</summary>
public enum HoldScope
{
    /// <summary>Every snapshot of the configuration.</summary>
    Configuration,

    /// <summary>Every snapshot that contains a mailbox, drive or site, and its deleted items.</summary>
    Resource,

    /// <summary>One snapshot.</summary>
    Snapshot,
}
