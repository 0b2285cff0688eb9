namespace KlarKonform.Backup;

/// <summary>What a restore does if something with the same name exists.</summary>
public enum RestoreConflict
{
    /// <summary>Leaves the existing item alone.</summary>
    Skip,

    /// <summary>Replaces it.</summary>
    Replace,

    /// <summary>Restores under another name next to it.</summary>
    Rename,
}
