namespace KlarKonform.Backup;

/// <summary>What becomes of a chat message in the backup when its author deletes it for everybody.</summary>
public enum DeletedMessagesPolicy
{
    /// <summary>It stays, marked as deleted.</summary>
    Keep,

    /// <summary>Its text and file are taken out of later snapshots; that there was a message stays.</summary>
    Redact,
}
