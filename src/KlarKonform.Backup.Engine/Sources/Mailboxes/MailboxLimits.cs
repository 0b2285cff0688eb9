namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>How much of a mailbox is read at a time.</summary>
internal static class MailboxLimits
{
    /// <summary>Outlook answers four concurrent requests per mailbox; more readers only wait.</summary>
    public const int Concurrency = 4;

    /// <summary>
    /// How many folders to read concurrently: while one requests its next page, the other's items keep the slots busy. Each keeps one page
    /// in memory.
    /// </summary>
    public const int FoldersAtOnce = 2;
}
