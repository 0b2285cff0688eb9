namespace KlarKonform.Backup;

/// <summary>Whether a lock is held.</summary>
public enum BackupLockState
{
    /// <summary>Its owner renews it.</summary>
    Alive,

    /// <summary>Unknown at a single look.</summary>
    Unknown,

    /// <summary>Its owner is gone.</summary>
    Dead,
}
