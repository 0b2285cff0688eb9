using System.IO.Enumeration;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>
/// Looks at files and folders and distinguishes "does not exist" from "unknown". <see cref="File.Exists"/> and
/// <see cref="Directory.Exists"/> return false for both, and .NET's own recursion skips a folder that vanishes on the way.
/// </summary>
internal static class LocalEntries
{
    private static readonly EnumerationOptions s_all = new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
        RecurseSubdirectories = false,
    };

    /// <summary>A path's attributes, or null if the file system says that nothing exists there.</summary>
    /// <exception cref="IOException">It does not say.</exception>
    public static FileAttributes? AttributesOf(string path)
    {
        try
        {
            return File.GetAttributes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The contents of a folder, one level only.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="IOException">The listing broke off.</exception>
    public static IEnumerable<LocalEntry> In(string folder) =>
        new FileSystemEnumerable<LocalEntry>(
            folder,
            static (ref FileSystemEntry entry) =>
                new LocalEntry(entry.ToFullPath(), entry.IsDirectory, (entry.Attributes & FileAttributes.ReparsePoint) != 0),
            s_all
        );

    /// <summary>A file's size and time, for a link those of its target; null if it is a folder or was deleted meanwhile.</summary>
    /// <exception cref="IOException">It cannot be determined, for example because a link leads nowhere.</exception>
    public static (long Length, DateTimeOffset Modified)? FileAt(string path, bool mayBeLink)
    {
        try
        {
            var file = new FileInfo(path);
            if (mayBeLink && file.LinkTarget is not null)
            {
                file = new FileInfo(file.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
                if (AttributesOf(file.FullName) is null)
                    throw new IOException($"'{path}' is a link to '{file.FullName}', which is not there.");
            }

            return (file.Length, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
