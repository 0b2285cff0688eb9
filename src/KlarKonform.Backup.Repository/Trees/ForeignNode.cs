namespace KlarKonform.Backup.Repository.Trees;

/// <summary>
/// A node's JSON as another program wrote it, if ours would differ: fields of a newer restic, names that are not UTF-8, escapes of other
/// Unicode tables, times that .NET cannot represent. As long as the node is unchanged it is written back as it was.
/// </summary>
/// <param name="Json">The JSON object, byte for byte.</param>
/// <param name="As">The node as read from it.</param>
internal sealed record ForeignNode(byte[] Json, Node As)
{
    /// <summary>Whether a node is still what was read; a copy that was changed is not.</summary>
    public bool IsStill(Node node) => As == (node with { Foreign = null });
}
