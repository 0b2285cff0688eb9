using Microsoft.Win32.SafeHandles;

namespace KlarKonform.Backup.Storage.Folder;

/// <summary>Writes to local files in pieces of the best size for the kernel.</summary>
public static class DiskWrites
{
    /// <summary>
    /// Bytes per call. Linux puts what one call writes into a page cache of that size: many megabytes are cold memory that a virtual
    /// machine may first have to get from its host. Four MiB per call took four times the kernel time of this, measured on ext4
    /// (docs/performance.md).
    /// </summary>
    public const int Piece = 128 * 1024;

    /// <summary>Writes all bytes at an offset.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="offset">Where they go.</param>
    /// <param name="cancellationToken">Checked between two pieces.</param>
    /// <exception cref="IOException">A disk error.</exception>
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
