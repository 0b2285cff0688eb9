using KlarKonform.Backup.Storage;
using KlarKonform.Backup.Storage.Folder;

namespace KlarKonform.Backup.Engine.Connections;

/// <summary>
/// A configuration's cache: copies of index files, snapshots and sealed trees, in a folder of its own, so that tenants never share one.
/// Everything in it is encrypted as in the repository, and it can be deleted at any time.
/// </summary>
internal static class LocalCache
{
    // restic's value: what was not read for this long belongs to a snapshot that is gone.
    private static readonly TimeSpan s_keepTrees = TimeSpan.FromDays(30);

    /// <summary>Folders of the repository whose files are small, never change and are read by every run.</summary>
    public static IReadOnlyCollection<string> Folders { get; } = ["index", "snapshots"];

    public static IObjectStore Open(string folder, TimeProvider time)
    {
        Trim(Path.Combine(folder, "trees"), time.GetUtcNow() - s_keepTrees);
        return new FolderObjectStore(folder, durable: false);
    }

    private static void Trim(string trees, DateTimeOffset before)
    {
        try
        {
            if (!Directory.Exists(trees))
                return;
            foreach (var file in new DirectoryInfo(trees).EnumerateFiles("*", SearchOption.AllDirectories))
            {
                if (file.LastWriteTimeUtc < before.UtcDateTime)
                    file.Delete();
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The cache is a convenience; what cannot be trimmed today is trimmed another day.
        }
    }
}
