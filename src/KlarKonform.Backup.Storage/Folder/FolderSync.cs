using System.Runtime.InteropServices;
using System.Text;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>Makes a rename durable: on Unix the folder's own entry list must reach the disk too (fsync(2), "calling fsync() does not necessarily ensure that the entry in the directory … has reached disk").</summary>
public static class FolderSync
{
    /// <summary>Waits until the folder's entries are on the disk.</summary>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return; // NTFS journals the rename itself.
        var descriptor = Open(Encoding.UTF8.GetBytes(folder + "\0"), 0);
        if (descriptor < 0)
            return; // Some network file systems do not open folders; there the server decides about durability.
        _ = Sync(descriptor);
        _ = Close(descriptor);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
