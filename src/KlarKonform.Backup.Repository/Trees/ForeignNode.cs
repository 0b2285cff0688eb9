namespace KlarKonform.Backup.Repository.Trees;

/// <summary>
/// A node's JSON as another program wrote it, where ours would be another: fields of a newer restic, names that are not UTF-8, escapes of
/// other Unicode tables, times that .NET cannot hold. As long as the node is not changed it is written back as it was.
/// </summary>
/// <param name="Json">The JSON object, byte for byte.</param>
/// <param name="As">What was understood of it.</param>
internal sealed record ForeignNode(byte[] Json, Node As)
{
    /// <summary>Whether a node is still what was read; a copy that was changed is not.</summary>
    public bool IsStill(Node node) => As == (node with { Foreign = null });
}
