using System.Collections.Concurrent;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>Creates folders, each of which is on the server's disk before anything is put into it. Thread-safe.</summary>
/// <param name="disk">How it waits for the disk.</param>
internal sealed class SftpFolders(SftpDisk disk) : IDisposable
{
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly AsyncLock _one = new();

    // Created, but not confirmed to be on the disk: the next caller checks again.
    private readonly ConcurrentDictionary<string, bool> _doubtful = new(StringComparer.Ordinal);

    /// <summary>Creates a missing folder.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="folder">Its path.</param>
    /// <param name="inSight">Called before anything is created: throws if the place itself is out of sight.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task EnsureAsync(SftpClient client, string folder, Func<Task> inSight, CancellationToken cancellationToken)
    {
        if (_known.ContainsKey(folder))
            return;
        using var turn = await _one.EnterAsync(cancellationToken).ConfigureAwait(false);
        if (!await IsThereAsync(client, folder, cancellationToken).ConfigureAwait(false))
        {
            await inSight().ConfigureAwait(false);
            await CreateAsync(client, folder, cancellationToken).ConfigureAwait(false);
        }

        _known[folder] = true;
    }

    public void Dispose() => _one.Dispose();

    /// <summary>Records that a known folder no longer exists.</summary>
    public void Forget(string folder) => _known.TryRemove(folder, out _);

    /// <summary>Creates a folder and those above it.</summary>
    public async Task CreateAsync(SftpClient client, string folder, CancellationToken cancellationToken)
    {
        if (await IsThereAsync(client, folder, cancellationToken).ConfigureAwait(false))
            return;
        var parent = folder[..Math.Max(0, folder.LastIndexOf('/'))];
        if (parent.Length > 0)
            await CreateAsync(client, parent, cancellationToken).ConfigureAwait(false);
        try
        {
            await client.CreateDirectoryAsync(folder, cancellationToken).ConfigureAwait(false);
        }
        catch (SshException exception) when (exception is not SshConnectionException)
        {
            // Another writer was faster, or this one before its connection broke. A connection that breaks now is a reason to retry, which
            // "Failure" is not.
            if (!await client.ExistsAsync(folder, cancellationToken).ConfigureAwait(false))
                throw;
        }

        _doubtful[folder] = true;
        await disk.FlushFolderAsync(client, parent.Length > 0 || folder[0] == '/' ? parent : ".", cancellationToken).ConfigureAwait(false);
        _doubtful.TryRemove(folder, out _);
    }

    private async Task<bool> IsThereAsync(SftpClient client, string folder, CancellationToken cancellationToken) =>
        folder.Length == 0 || (!_doubtful.ContainsKey(folder) && await client.ExistsAsync(folder, cancellationToken).ConfigureAwait(false));
}
