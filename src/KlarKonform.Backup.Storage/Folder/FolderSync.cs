using System.Runtime.InteropServices;
using System.Text;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>
/// Makes a rename durable: on Unix the folder's own entry list must reach the disk too (fsync(2), "calling fsync() does not necessarily
/// ensure that the entry in the directory … has reached disk").
/// </summary>
public static class FolderSync
{
    // errno of Linux; macOS numbers the last two differently.
    private const int EPERM = 1,
        ENOENT = 2,
        EINTR = 4,
        EBADF = 9,
        EACCES = 13,
        EISDIR = 21,
        EINVAL = 22,
        EROFS = 30;
    private static readonly int ENOSYS = OperatingSystem.IsMacOS() ? 78 : 38;
    private static readonly int ENOTSUP = OperatingSystem.IsMacOS() ? 45 : 95;

    /// <summary>Waits until the folder's entries are on the disk, if its file system supports that.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="IOException">They are not on the disk: a disk, quota or network error, as errno in <see cref="Exception.HResult"/>;
    /// or the folder does not exist.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
            return; // There the rename itself waits, see DiskSync.
        var path = Encoding.UTF8.GetBytes(folder + "\0");
        int descriptor,
            code;
        while ((descriptor = Open(path, 0)) < 0)
        {
            code = Marshal.GetLastPInvokeError();
            if (IsInability(code, opening: true))
                return;
            if (code != EINTR)
                throw Failure(code, folder);
        }

        try
        {
            while (Sync(descriptor) != 0)
            {
                code = Marshal.GetLastPInvokeError();
                if (IsInability(code, opening: false))
                    return;
                if (code != EINTR)
                    throw Failure(code, folder);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>
    /// Whether an errno means that this file system does not sync folders at all, so that durability is up to it or its server. All others,
    /// above all EIO, mean that something could not be written.
    /// </summary>
    /// <param name="code">The errno of open(2) or fsync(2).</param>
    /// <param name="opening">Whether it comes from open(2).</param>
    /// <remarks>
    /// open: a folder that may be written but not read (EACCES, EPERM), a system that cannot open folders (EISDIR, EINVAL, ENOTSUP). fsync:
    /// no such operation for folders (EINVAL on CIFS, 9p and FUSE; ENOSYS, ENOTSUP), none on a descriptor that is open for reading (EBADF,
    /// EISDIR), nothing to write (EROFS). PostgreSQL and others ignore the same ones.
    /// </remarks>
    public static bool IsInability(int code, bool opening) =>
        code == EINVAL
        || code == EISDIR
        || code == ENOTSUP
        || (opening ? code is EACCES or EPERM : code is EBADF or EROFS || code == ENOSYS);

    private static IOException Failure(int code, string folder) =>
        code == ENOENT
            ? new DirectoryNotFoundException($"There is no folder '{folder}'.")
            : new IOException($"'{folder}' could not be written to the disk: {Marshal.GetPInvokeErrorMessage(code)}", code);

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
