namespace KlarKonform.Backup.Storage;

/// <summary>Names that all stores share.</summary>
internal static class ObjectKeys
{
    // restic's local and SFTP backends use the same mark, so that either program ignores what the other left behind half-written.
    private const string TemporaryMark = "-tmp-";

    /// <summary>A name in a folder; the empty folder is the store itself.</summary>
    public static string Below(string folder, string name) => folder.Length == 0 ? name : $"{folder}/{name}";

    public static string Temporary(string path) => $"{path}{TemporaryMark}{Guid.NewGuid():N}";

    public static bool IsTemporary(string name) => name.Contains(TemporaryMark, StringComparison.Ordinal);
}
