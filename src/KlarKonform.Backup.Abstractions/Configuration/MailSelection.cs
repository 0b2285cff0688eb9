namespace KlarKonform.Backup;

/// <summary>Which users' mail, and what of it beyond the visible mailbox.</summary>
public sealed record MailSelection : SourceSelection
{
    /// <summary>Whether the dumpster (recoverable items) is backed up too. Null: no.</summary>
    public bool? RecoverableItems { get; init; }

    /// <summary>Whether the in-place archive mailbox is backed up too. Null: no.</summary>
    public bool? Archive { get; init; }
}
