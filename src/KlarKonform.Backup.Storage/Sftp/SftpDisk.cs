using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Sftp;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>
/// Ensures that what is saved survives a power cut at the server: the file before it gets its name, and the folders after it. If the server
/// offers no fsync, this is not possible: the file is complete and visible, and durable when the server's system writes it. Thread-safe.
/// </summary>
internal sealed class SftpDisk
{
    private volatile Ability _withFolders;

    /// <summary>Waits for a file's bytes, and compares its size with what was sent.</summary>
    /// <exception cref="IOException">The server stored another number of bytes.</exception>
    /// <exception cref="SftpException">It could not write them.</exception>
    public static async Task FlushFileAsync(SftpClient client, string path, long size, CancellationToken cancellationToken)
    {
        long kept;
        if (SftpSync.IsOffered(client))
        {
            var file = await client.OpenAsync(path, FileMode.Open, FileAccess.ReadWrite, cancellationToken).ConfigureAwait(false);
            await using (file.ConfigureAwait(false))
            {
                try
                {
                    await SftpSync.FlushAsync(client, file.Handle, cancellationToken).ConfigureAwait(false);
                }
                catch (SftpException exception) when (IsInability(exception))
                {
                    // Offered, but not possible with this file system.
                }

                kept = file.Length;
            }
        }
        else
        {
            kept = (await client.GetAttributesAsync(path, cancellationToken).ConfigureAwait(false)).Size;
        }

        if (kept != size)
            throw new IOException($"The server kept {kept} of {size} bytes.");
    }

    /// <summary>
    /// Waits for a folder's entries. The protocol has no request for that; on most systems a folder can be opened for reading like a file,
    /// and synced.
    /// </summary>
    /// <exception cref="SftpException">The server could not write them, although it could before.</exception>
    public async Task FlushFolderAsync(SftpClient client, string folder, CancellationToken cancellationToken)
    {
        if (_withFolders == Ability.None || !SftpSync.IsOffered(client))
            return;
        SftpFileStream opened;
        try
        {
            var path = folder.Length == 0 ? "/" : folder;
            opened = await client.OpenAsync(path, FileMode.Open, FileAccess.Read, cancellationToken).ConfigureAwait(false);
        }
        catch (SftpException)
        {
            if (_withFolders == Ability.Unknown)
                _withFolders = Ability.None; // This server cannot open folders.
            return;
        }

        await using (opened.ConfigureAwait(false))
        {
            try
            {
                await SftpSync.FlushAsync(client, opened.Handle, cancellationToken).ConfigureAwait(false);
                _withFolders = Ability.Proved;
            }
            catch (SftpException exception) when (IsInability(exception) || _withFolders != Ability.Proved)
            {
                // SSH_FX_FAILURE means EIO as well as "not with a folder": a server that has never synced one is taken to be unable to.
                if (_withFolders == Ability.Unknown)
                    _withFolders = Ability.None;
            }
        }
    }

    // OpenSSH turns EINVAL into SSH_FX_BAD_MESSAGE, EBADF into NO_SUCH_FILE, EACCES and EPERM into PERMISSION_DENIED, ENOSYS into
    // OP_UNSUPPORTED (errno_to_portable in sftp-server.c): this file system cannot do it. EIO, ENOSPC, EDQUOT and all others are
    // SSH_FX_FAILURE.
    private static bool IsInability(SftpException exception) =>
        exception.StatusCode
            is StatusCode.OperationUnsupported
                or StatusCode.BadMessage
                or StatusCode.PermissionDenied
                or StatusCode.NoSuchFile;

    private enum Ability
    {
        Unknown,
        None,
        Proved,
    }
}
