namespace KlarKonform.Backup;

/// <summary>Kinds of storage.</summary>
public enum TargetType
{
    /// <summary>A folder.</summary>
    Folder,

    /// <summary>An SFTP server.</summary>
    Sftp,

    /// <summary>An S3-compatible service.</summary>
    S3,
}
