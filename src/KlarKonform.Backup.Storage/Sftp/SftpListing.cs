using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Sftp;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>What lies in a folder of the server, one level of it.</summary>
/// <param name="Files">Keys of the objects.</param>
/// <param name="Folders">Keys of what may be folders, each with the file that it is if it is none.</param>
internal sealed record SftpListing(IReadOnlyList<StoredObject> Files, IReadOnlyList<(string Key, StoredObject? OrFile)> Folders)
{
    private const int HexOfId = 64;

    /// <summary>Reads a folder: without an entry where there is none, null where there is something that is none.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="path">The folder's path.</param>
    /// <param name="key">Its key.</param>
    /// <param name="isGuess">Whether it may be no folder.</param>
    /// <param name="moved">Told of every entry.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="IOException">The listing broke off.</exception>
    public static async Task<SftpListing?> ReadAsync(
        SftpClient client, string path, string key, bool isGuess, Action moved, CancellationToken cancellationToken)
    {
        var files = new List<StoredObject>();
        var folders = new List<(string, StoredObject?)>();
        var begun = false;
        try
        {
            await foreach (var entry in client.ListDirectoryAsync(path, cancellationToken).ConfigureAwait(false))
            {
                begun = true;
                moved();
                if (entry.Name is "." or ".." || ObjectKeys.IsTemporary(entry.Name))
                    continue;
                var attributes = entry.Attributes;
                var found = ObjectKeys.Below(key, entry.Name);
                if (attributes.IsDirectory)
                    folders.Add((found, null));
                else if (attributes.IsRegularFile || (IsUntyped(attributes) && IsId(entry.Name)))
                    files.Add(File(found, attributes));
                else if (IsUntyped(attributes))
                    folders.Add((found, File(found, attributes)));
                else if (attributes.IsSymbolicLink)
                    folders.Add((found, new StoredObject(found, -1)));
            }
        }
        catch (SftpPathNotFoundException exception)
        {
            // At the opening it means that there is none; OpenSSH says so of files too. Behind that, that the folder went away while it
            // was read.
            var isThere = begun || await client.ExistsAsync(path, cancellationToken).ConfigureAwait(false);
            if (isGuess && isThere && !begun)
                return null;
            if (isThere)
                throw new IOException($"The listing of '{path}' broke off: {exception.Message}", exception);
        }
        catch (SftpException exception) when (isGuess && !begun
            && exception.StatusCode is not (StatusCode.NoConnection or StatusCode.ConnectionLost or StatusCode.PermissionDenied))
        {
            return null;
        }

        return new SftpListing(files, folders);
    }

    /// <summary>A file as the server describes it.</summary>
    /// <exception cref="IOException">It does not say how large it is.</exception>
    public static StoredObject File(string key, SftpFileAttributes attributes)
    {
        if (attributes.Size < 0)
            throw new IOException($"The server does not say how large '{key}' is.");
        var time = attributes.LastWriteTimeUtc; // Of year 1 where the server does not say.
        return new StoredObject(key, attributes.Size) { Modified = time.Year > 1 ? new DateTimeOffset(time, TimeSpan.Zero) : null };
    }

    /// <summary>Whether the server does not say what it is: permissions without the bits of the type, or none at all. Servers on Windows
    /// do so.</summary>
    public static bool IsUntyped(SftpFileAttributes attributes) => attributes is
    {
        IsRegularFile: false, IsDirectory: false, IsSymbolicLink: false,
        IsSocket: false, IsNamedPipe: false, IsBlockDevice: false, IsCharacterDevice: false,
    };

    // Packs, indexes, snapshots, keys and locks are called by hashes: to try each of them as a folder would take a request a file.
    private static bool IsId(string name) => name.Length == HexOfId && name.All(char.IsAsciiHexDigit);
}
