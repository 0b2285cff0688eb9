namespace KlarKonform.Backup.Repository.Format;

/// <summary>What a blob holds. Packs hold one kind only, so that the trees stay together.</summary>
public enum BlobKind : byte
{
    /// <summary>A piece of a file.</summary>
    Data = 0,

    /// <summary>A folder's list of nodes.</summary>
    Tree = 1,
}
