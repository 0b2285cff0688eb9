namespace KlarKonform.Backup.Repository.Format;

/// <summary>What a blob contains. A pack contains only one kind, so that the trees stay together.</summary>
public enum BlobKind : byte
{
    /// <summary>A chunk of a file.</summary>
    Data = 0,

    /// <summary>A folder's list of nodes.</summary>
    Tree = 1,
}
