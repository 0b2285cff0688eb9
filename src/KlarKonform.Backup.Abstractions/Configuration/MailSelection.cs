namespace KlarKonform.Backup;

/// <summary>Which users' mail to back up, and what of it beyond the visible mailbox.</summary>
public sealed record MailSelection : SourceSelection
{
    /// <summary>Whether to back up the dumpster (recoverable items) too. Null: no.</summary>
    public bool? RecoverableItems { get; init; }

    /// <summary>Whether to back up the in-place archive mailbox too. Null: no.</summary>
    public bool? Archive { get; init; }
}
