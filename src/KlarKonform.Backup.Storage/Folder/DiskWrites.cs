using Microsoft.Win32.SafeHandles;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>Writes to local files in pieces that the kernel takes best.</summary>
public static class DiskWrites
{
    /// <summary>Bytes a call. Linux puts what one call writes into page cache of its size: many megabytes are memory that is cold, and that a
    /// virtual machine may have to fetch from its host first. Four MiB a call took four times the kernel's time of this, measured on ext4
    /// (docs/performance.md).</summary>
    public const int Piece = 128 * 1024;

    /// <summary>Writes all bytes at an offset.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="offset">Where they go.</param>
    /// <param name="cancellationToken">Looked at between two pieces.</param>
    /// <exception cref="IOException">The disk's failure.</exception>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> content, long offset, CancellationToken cancellationToken = default)
    {
        while (content.Length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = Math.Min(content.Length, Piece);
            RandomAccess.Write(file, content[..count], offset);
            content = content[count..];
            offset += count;
        }
    }
}
