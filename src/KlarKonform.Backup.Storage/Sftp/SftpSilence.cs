using System.Globalization;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>
/// Watches a call to the SSH library: without progress for the set time it is abandoned, whatever it waits for. A thread of the library
/// that waits for the network to accept its bytes does not react to a token; it is left alone until the operating system ends the
/// connection, and what it would do next is cancelled.
/// </summary>
internal sealed class SftpSilence : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _source;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _lock = new();
    private bool _disposed;

    private SftpSilence(SftpStoreOptions options)
    {
        _limit = options.Silence;
        _source = new CancellationTokenSource(_limit, options.Time);
        _source.Token.UnsafeRegister(static ended => ((TaskCompletionSource)ended!).TrySetResult(), _ended);
    }

    /// <summary>Cancels the call.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Records that something was sent or received: the time starts again.</summary>
    public void Moved()
    {
        lock (_lock)
        {
            if (!_disposed)
                _source.CancelAfter(_limit);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _source.Dispose();
        }
    }

    /// <summary>Runs a call that ends, at the latest, when nothing moves any more.</summary>
    /// <param name="options">How long to wait.</param>
    /// <param name="call">The call; it reports its progress.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="late">Handles a result that arrives when it is no longer waited for, or null.</param>
    /// <exception cref="IOException">Nothing moved.</exception>
    public static async Task<T> EndAsync<T>(
        SftpStoreOptions options,
        Func<SftpSilence, Task<T>> call,
        CancellationToken cancellationToken,
        Action<T>? late = null
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var silence = new SftpSilence(options);
        var caller = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), silence._source);

        // Parts of the library run on the caller's thread until they finish.
        var running = Task.Run(() => call(silence), CancellationToken.None);
        _ = running.ContinueWith(
            static (done, state) =>
            {
                var (silence, caller) = ((SftpSilence, CancellationTokenRegistration))state!;
                caller.Dispose();
                silence.Dispose();
            },
            (silence, caller),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        if (await Task.WhenAny(running, silence._ended.Task).ConfigureAwait(false) != running)
        {
            _ = running.ContinueWith(
                done =>
                {
                    if (done.IsCompletedSuccessfully)
                        late?.Invoke(done.Result);
                    else
                        _ = done.Exception; // No one waits for it any more.
                },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
            cancellationToken.ThrowIfCancellationRequested();
            throw Silent(options);
        }

        try
        {
            return await running.ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            throw Silent(options);
        }
    }

    private static IOException Silent(SftpStoreOptions options)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"'{options.Host}' was silent for {options.Silence.TotalSeconds:0.#} seconds."
        );
        return new IOException(text, new TimeoutException(text));
    }
}
