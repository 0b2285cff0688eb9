namespace KlarKonform.Backup.Repository.Trees;

/// <summary>The types that we write; restic knows more, which are kept as they are.</summary>
public static class NodeType
{
    /// <summary>A file.</summary>
    public const string File = "file";

    /// <summary>A folder.</summary>
    public const string Directory = "dir";
}
