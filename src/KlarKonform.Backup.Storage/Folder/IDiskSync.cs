using Microsoft.Win32.SafeHandles;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>
/// What is needed for a file to survive a power cut: its bytes, its name, and the folder that contains the name. Thread-safe.
/// </summary>
public interface IDiskSync
{
    /// <summary>Waits until a file's bytes are on the disk.</summary>
    /// <exception cref="IOException">They are not, and may never be: after a failed fsync the kernel forgets what it could not
    /// write.</exception>
    void FlushFile(SafeFileHandle file);

    /// <summary>Waits until a folder's entries are on the disk, if the file system supports that.</summary>
    /// <exception cref="IOException">They are not.</exception>
    void FlushFolder(string folder);

    /// <summary>Gives a file its name within the same folder, replacing an existing one.</summary>
    /// <exception cref="IOException">The file kept its old name.</exception>
    void Rename(string from, string to);
}
