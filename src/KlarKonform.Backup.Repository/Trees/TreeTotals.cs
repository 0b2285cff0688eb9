namespace KlarKonform.Backup.Repository.Trees;

/// <summary>What a tree contains, including everything below it.</summary>
/// <param name="Files">Number of files.</param>
/// <param name="Bytes">Their size in bytes.</param>
/// <param name="Folders">Number of folders, without the tree itself.</param>
public readonly record struct TreeTotals(long Files, long Bytes, long Folders)
{
    /// <summary>The sum of both.</summary>
    public static TreeTotals operator +(TreeTotals left, TreeTotals right) =>
        new(left.Files + right.Files, left.Bytes + right.Bytes, left.Folders + right.Folders);

    /// <summary>The difference between the two.</summary>
    public static TreeTotals operator -(TreeTotals left, TreeTotals right) =>
        new(left.Files - right.Files, left.Bytes - right.Bytes, left.Folders - right.Folders);
}
