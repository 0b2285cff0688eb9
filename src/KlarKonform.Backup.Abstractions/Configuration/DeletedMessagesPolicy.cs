namespace KlarKonform.Backup;

/// <summary>What happens in the backup to a chat message that its author deletes for everyone.</summary>
public enum DeletedMessagesPolicy
{
    /// <summary>It stays, marked as deleted.</summary>
    Keep,

    /// <summary>Its text and file are removed from later snapshots; the fact that there was a message stays.</summary>
    Redact,
}
