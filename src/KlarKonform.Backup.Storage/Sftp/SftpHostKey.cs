using Renci.SshNet;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>Asks a server for its host key, for users who decide to trust it on first use.</summary>
public static class SftpHostKey
{
    /// <summary>Connects, reads the key's fingerprint and disconnects before any sign-in.</summary>
    /// <returns>The fingerprint as OpenSSH prints it: <c>SHA256:</c> and base64 without padding.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.Unreachable"/>: nothing answered, or it is not an SSH
    /// server.</exception>
    public static async Task<string> ReadAsync(string host, int port, TimeSpan timeout, CancellationToken cancellationToken)
    {
        string? shown = null;
        using var client = new SftpClient(
            new ConnectionInfo(host, port, "nobody", new NoneAuthenticationMethod("nobody")) { Timeout = timeout }
        );
        client.HostKeyReceived += (_, key) =>
        {
            shown = SftpConnectionPool.Fingerprint(key);
            key.CanTrust = false;
        };
        try
        {
            await client.ConnectAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            if (shown is null)
                throw SftpErrors.Translate(exception, $"sftp://{host}:{port}", null);
        }

        return shown
            ?? throw new StorageException(StorageErrorKind.Unreachable, $"sftp://{host}:{port}", null, "The server showed no host key.");
    }
}
