namespace KlarKonform.Backup.Storage;

/// <summary>Names that all stores share.</summary>
internal static class ObjectKeys
{
    // restic's local and SFTP backends use the same mark, so each program ignores what the other left half-written.
    private const string TemporaryMark = "-tmp-";

    /// <summary>
    /// restic's config: written once, part of every repository, never removed. Where it was seen before, a place without it is a different
    /// place: the empty folder below a share that went away, or another volume under the same path.
    /// </summary>
    public const string Anchor = "config";

    /// <summary>A name in a folder; the empty folder is the store itself.</summary>
    public static string Below(string folder, string name) => folder.Length == 0 ? name : $"{folder}/{name}";

    public static string Temporary(string path) => $"{path}{TemporaryMark}{Guid.NewGuid():N}";

    public static bool IsTemporary(string name) => name.Contains(TemporaryMark, StringComparison.Ordinal);
}
