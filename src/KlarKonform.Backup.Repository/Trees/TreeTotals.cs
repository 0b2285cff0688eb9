namespace KlarKonform.Backup.Repository.Trees;

/// <summary>What a tree holds, with all below it.</summary>
/// <param name="Files">Files.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="Folders">Folders, without the tree's own.</param>
public readonly record struct TreeTotals(long Files, long Bytes, long Folders)
{
    /// <summary>Both together.</summary>
    public static TreeTotals operator +(TreeTotals left, TreeTotals right) =>
        new(left.Files + right.Files, left.Bytes + right.Bytes, left.Folders + right.Folders);

    /// <summary>What one holds more than the other.</summary>
    public static TreeTotals operator -(TreeTotals left, TreeTotals right) =>
        new(left.Files - right.Files, left.Bytes - right.Bytes, left.Folders - right.Folders);
}
