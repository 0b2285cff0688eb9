namespace KlarKonform.Backup.Repository.Format;

/// <summary>
/// Identifies a blob: its kind and its id. A folder's list of nodes and a file's content may be the same bytes; they are two blobs, and
/// each is in a pack of its own kind (restic's BlobHandle, internal/restic/blob.go).
/// </summary>
/// <param name="Kind">Tree or data.</param>
/// <param name="Id">SHA-256 of the plain text.</param>
public readonly record struct BlobHandle(BlobKind Kind, BlobId Id)
{
    /// <summary>A chunk of a file.</summary>
    public static BlobHandle Data(BlobId id) => new(BlobKind.Data, id);

    /// <summary>A folder's list of nodes.</summary>
    public static BlobHandle Tree(BlobId id) => new(BlobKind.Tree, id);

    /// <summary>Kind and id, for messages.</summary>
    public override string ToString() => $"{(Kind == BlobKind.Tree ? "tree" : "data")}/{Id}";
}
