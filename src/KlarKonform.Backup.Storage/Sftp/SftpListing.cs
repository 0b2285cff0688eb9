using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Sftp;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>The contents of a folder on the server, one level only.</summary>
/// <param name="Files">Keys of the objects.</param>
/// <param name="Folders">Keys of possible folders, each with the file that it is if it is not a folder.</param>
internal sealed record SftpListing(IReadOnlyList<StoredObject> Files, IReadOnlyList<(string Key, StoredObject? OrFile)> Folders)
{
    private const int HexOfId = 64;

    /// <summary>Reads a folder: without entries if it does not exist, null if there is something that is not a folder.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="path">The folder's path.</param>
    /// <param name="key">Its key.</param>
    /// <param name="isGuess">Whether it may not be a folder.</param>
    /// <param name="moved">Called for every entry.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="IOException">The listing broke off.</exception>
    public static async Task<SftpListing?> ReadAsync(
        SftpClient client,
        string path,
        string key,
        bool isGuess,
        Action moved,
        CancellationToken cancellationToken
    )
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
            // On opening, this means that it does not exist; OpenSSH says so for files too. Later it means that the folder vanished while
            // it was read.
            var isThere = begun || await client.ExistsAsync(path, cancellationToken).ConfigureAwait(false);
            if (isGuess && isThere && !begun)
                return null;
            if (isThere)
                throw new IOException($"The listing of '{path}' broke off: {exception.Message}", exception);
        }
        catch (SftpException exception)
            when (isGuess
                && !begun
                && exception.StatusCode is not (StatusCode.NoConnection or StatusCode.ConnectionLost or StatusCode.PermissionDenied)
            )
        {
            return null;
        }

        return new SftpListing(files, folders);
    }

    /// <summary>A file as the server describes it.</summary>
    /// <exception cref="IOException">The server does not report its size.</exception>
    public static StoredObject File(string key, SftpFileAttributes attributes)
    {
        if (attributes.Size < 0)
            throw new IOException($"The server does not say how large '{key}' is.");
        var time = attributes.LastWriteTimeUtc; // In year 1 if the server does not say.
        return new StoredObject(key, attributes.Size) { Modified = time.Year > 1 ? new DateTimeOffset(time, TimeSpan.Zero) : null };
    }

    /// <summary>
    /// Whether the server does not say what it is: permissions without the type bits, or none at all. Servers on Windows do so.
    /// </summary>
    public static bool IsUntyped(SftpFileAttributes attributes) =>
        attributes
            is {
                IsRegularFile: false,
                IsDirectory: false,
                IsSymbolicLink: false,
                IsSocket: false,
                IsNamedPipe: false,
                IsBlockDevice: false,
                IsCharacterDevice: false,
            };

    // Packs, indexes, snapshots, keys and locks are named by hashes: trying each of them as a folder would take one request per file.
    private static bool IsId(string name) => name.Length == HexOfId && name.All(char.IsAsciiHexDigit);
}
