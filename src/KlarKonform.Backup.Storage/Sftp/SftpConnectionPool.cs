using System.Collections.Concurrent;
using System.Text;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>Lends connected clients, connects new ones up to the limit, and drops broken ones. Thread-safe.</summary>
internal sealed class SftpConnectionPool : IDisposable
{
    private readonly SftpStoreOptions _options;
    private readonly string _location;
    private readonly ConcurrentBag<SftpClient> _idle = [];
    private readonly SemaphoreSlim _slots;
    private volatile bool _disposed;

    public SftpConnectionPool(SftpStoreOptions options, string location)
    {
        _options = options;
        _location = location;
        _slots = new SemaphoreSlim(options.MaxConnections);
    }

    public async Task<SftpLease> RentAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (_idle.TryTake(out var idle))
            {
                if (idle.IsConnected)
                    return new SftpLease(this, idle);
                idle.Dispose();
            }

            return new SftpLease(this, await ConnectAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            _slots.Release();
            throw;
        }
    }

    public void Return(SftpClient client, bool broken)
    {
        // Disconnecting waits for the thread that still uses the connection, which on a dead one takes as long as the operating system
        // tries.
        if (broken)
            _ = Task.Run(client.Dispose);
        else if (_disposed)
            client.Dispose();
        else
            _idle.Add(client);
        _slots.Release();
    }

    public void Dispose()
    {
        _disposed = true;
        while (_idle.TryTake(out var client))
            client.Dispose();
    }

    /// <summary>A host key as OpenSSH prints it.</summary>
    public static string Fingerprint(HostKeyEventArgs key) => "SHA256:" + key.FingerPrintSHA256.TrimEnd('=');

    private async Task<SftpClient> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await SftpSilence
                .EndAsync(_options, watch => SignInAsync(watch.Token), cancellationToken, client => client.Dispose())
                .ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw SftpErrors.Translate(exception, _location, null);
        }
    }

    private async Task<SftpClient> SignInAsync(CancellationToken cancellationToken)
    {
        string? shown = null;
        SftpClient? client = null;
        try
        {
            var info = new ConnectionInfo(_options.Host, _options.Port, _options.UserName, AuthenticationMethods())
            {
                Timeout = _options.Timeout,
            };
            client = new SftpClient(info) { OperationTimeout = _options.Timeout, KeepAliveInterval = TimeSpan.FromSeconds(30) };
            client.HostKeyReceived += (_, key) =>
            {
                shown = Fingerprint(key);
                key.CanTrust = string.Equals(shown, _options.HostKeyFingerprint.TrimEnd('='), StringComparison.Ordinal);
            };
            await client.ConnectAsync(cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch (Exception exception)
        {
            client?.Dispose();
            if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
                throw;
            if (shown is not null && !string.Equals(shown, _options.HostKeyFingerprint.TrimEnd('='), StringComparison.Ordinal))
            {
                throw new StorageException(
                    StorageErrorKind.HostKeyMismatch,
                    _location,
                    null,
                    $"The host key of '{_options.Host}' is {shown}, but {_options.HostKeyFingerprint} is pinned.",
                    exception
                )
                {
                    Detail = shown,
                };
            }

            throw SftpErrors.Translate(exception, _location, null);
        }
    }

    private AuthenticationMethod[] AuthenticationMethods()
    {
        var methods = new List<AuthenticationMethod>();
        if (_options.PrivateKey is { } key)
        {
            try
            {
                using var text = new MemoryStream(Encoding.UTF8.GetBytes(key.ReplaceLineEndings("\n").TrimEnd() + "\n"));
                methods.Add(new PrivateKeyAuthenticationMethod(_options.UserName, new PrivateKeyFile(text, _options.PrivateKeyPassphrase)));
            }
            catch (Exception exception)
                when (exception is SshException or NotSupportedException or FormatException or InvalidOperationException)
            {
                throw new StorageException(
                    StorageErrorKind.InvalidSettings,
                    _location,
                    null,
                    $"The private key cannot be read: {exception.Message}",
                    exception
                );
            }
        }

        if (_options.Password is { } password)
        {
            methods.Add(new PasswordAuthenticationMethod(_options.UserName, password));
            // Many NAS systems offer passwords only as keyboard-interactive.
            var interactive = new KeyboardInteractiveAuthenticationMethod(_options.UserName);
            interactive.AuthenticationPrompt += (_, prompt) =>
            {
                foreach (var question in prompt.Prompts)
                    question.Response = password;
            };
            methods.Add(interactive);
        }

        return [.. methods];
    }
}
