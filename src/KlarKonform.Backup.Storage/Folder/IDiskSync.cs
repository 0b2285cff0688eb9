using Microsoft.Win32.SafeHandles;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>What it takes until a file survives a power cut: its bytes, its name, and the folder that the name stands in.
/// Thread-safe.</summary>
public interface IDiskSync
{
    /// <summary>Waits until a file's bytes are on the disk.</summary>
    /// <exception cref="IOException">They are not, and may never be: after a failed fsync the kernel forgets what it could not
    /// write.</exception>
    void FlushFile(SafeFileHandle file);

    /// <summary>Waits until a folder's entries are on the disk, where the file system can say so.</summary>
    /// <exception cref="IOException">They are not.</exception>
    void FlushFolder(string folder);

    /// <summary>Gives a file of the same folder its name, in place of whatever has it.</summary>
    /// <exception cref="IOException">The file kept its old name.</exception>
    void Rename(string from, string to);
}
