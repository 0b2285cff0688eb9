namespace KlarKonform.Backup.Repository.Checking;

/// <summary>Kinds of problems.</summary>
public enum CheckProblemKind
{
    /// <summary>A pack that the index names is absent.</summary>
    MissingPack,

    /// <summary>A pack has another size than the index says.</summary>
    WrongPackSize,

    /// <summary>A pack's bytes are damaged.</summary>
    DamagedPack,

    /// <summary>A tree cannot be read.</summary>
    DamagedTree,

    /// <summary>A key file is damaged. As long as another key opens the repository, remove it and add it anew.</summary>
    DamagedKey,

    /// <summary>An index file cannot be read; Repair-KKBackup builds it anew.</summary>
    DamagedIndex,

    /// <summary>A snapshot file cannot be read.</summary>
    DamagedSnapshot,

    /// <summary>A blob that a tree names is in no index.</summary>
    MissingBlob,
}
