namespace KlarKonform.Backup;

/// <summary>Whether somebody holds a lock.</summary>
public enum BackupLockState
{
    /// <summary>Its owner renews it.</summary>
    Alive,

    /// <summary>Nobody can tell at one look.</summary>
    Unknown,

    /// <summary>Its owner is gone.</summary>
    Dead,
}
