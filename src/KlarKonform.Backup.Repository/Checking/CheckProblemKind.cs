namespace KlarKonform.Backup.Repository.Checking;

/// <summary>Kinds of problems.</summary>
public enum CheckProblemKind
{
    /// <summary>A pack in the index does not exist.</summary>
    MissingPack,

    /// <summary>A pack's size differs from the index.</summary>
    WrongPackSize,

    /// <summary>A pack's bytes are damaged.</summary>
    DamagedPack,

    /// <summary>A tree cannot be read.</summary>
    DamagedTree,

    /// <summary>A key file is damaged. As long as another key opens the repository, remove it and add it again.</summary>
    DamagedKey,

    /// <summary>An index file cannot be read; Repair-KKBackup rebuilds it.</summary>
    DamagedIndex,

    /// <summary>A snapshot file cannot be read.</summary>
    DamagedSnapshot,

    /// <summary>A blob that a tree names is not in any index.</summary>
    MissingBlob,
}
