namespace KlarKonform.Backup;

/// <summary>The five states.</summary>
public enum BackupState
{
    /// <summary>Never ran.</summary>
    Pending,

    /// <summary>Runs now.</summary>
    Running,

    /// <summary>Everything is backed up.</summary>
    Succeeded,

    /// <summary>Some resources or items failed, or the run was stopped; the rest is backed up.</summary>
    Partial,

    /// <summary>Nothing could be backed up.</summary>
    Failed,
}
