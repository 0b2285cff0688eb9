namespace KlarKonform.Backup;

/// <summary>What a restore does where something of the same name is there already.</summary>
public enum RestoreConflict
{
    /// <summary>Leaves alone what is there.</summary>
    Skip,

    /// <summary>Replaces it.</summary>
    Replace,

    /// <summary>Restores under another name beside it.</summary>
    Rename,
}
