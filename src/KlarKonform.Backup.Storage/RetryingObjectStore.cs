using System.Runtime.CompilerServices;

namespace KlarKonform.Backup.Storage;

/// <summary>Repeats calls that failed for a temporary reason, with growing, jittered pauses. Thread-safe.</summary>
public sealed class RetryingObjectStore : IObjectStore
{
    /// <summary>Default number of attempts: about three minutes in all. A server that restarts must not end a night's run.</summary>
    public const int DefaultAttempts = 20;

    private const double MaxPauseSeconds = 15;

    private readonly IObjectStore _inner;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly int _attempts;

    /// <summary>Wraps a store; disposing this disposes it too.</summary>
    /// <param name="inner">The store that may fail.</param>
    /// <param name="time">Waits between the attempts.</param>
    /// <param name="random">Jitter; must be thread-safe, as <c>Random.Shared</c> is.</param>
    /// <param name="attempts">Total number of attempts.</param>
    public RetryingObjectStore(IObjectStore inner, TimeProvider time, Random random, int attempts = DefaultAttempts)
    {
        _inner = inner;
        _time = time;
        _random = random;
        _attempts = attempts;
    }

    /// <inheritdoc />
    public string Location => _inner.Location;

    /// <inheritdoc />
    public Task PrepareAsync(bool create, CancellationToken cancellationToken) =>
        RetryAsync(
            async () =>
            {
                await _inner.PrepareAsync(create, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken,
            attempts: 2
        );

    /// <inheritdoc />
    public Task<StoredObject?> StatAsync(string key, CancellationToken cancellationToken) =>
        RetryAsync(() => _inner.StatAsync(key, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public Task SaveAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        RetryAsync(
            async () =>
            {
                await _inner.SaveAsync(key, content, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken
        );

    /// <summary>Opens an object; the returned stream resumes by itself where the connection broke.</summary>
    /// <inheritdoc />
    public async Task<Stream> OpenReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        Task<Stream> Open(long from, long? count, CancellationToken token) =>
            RetryAsync(() => _inner.OpenReadAsync(key, from, count, token), token);
        var first = await Open(offset, length, cancellationToken).ConfigureAwait(false);
        return new ResumingReadStream(first, Open, offset, length, _attempts);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<StoredObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A listing that broke half-way starts again; what was already returned is not returned twice.
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var attempt = 1; ; attempt++)
        {
            await using var items = _inner.ListAsync(folder, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await items.MoveNextAsync().ConfigureAwait(false))
                        yield break;
                }
                catch (StorageException exception) when (exception.IsTransient && attempt < _attempts)
                {
                    break;
                }

                if (seen.Add(items.Current.Key))
                    yield return items.Current;
            }

            await PauseAsync(attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        RetryAsync(
            async () =>
            {
                await _inner.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken
        );

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private async Task<T> RetryAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken, int? attempts = null)
    {
        var limit = attempts ?? _attempts;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (StorageException exception) when (exception.IsTransient && attempt < limit)
            {
                await PauseAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // 0.5 s, 1 s, 2 s, … up to 15 s, each between half of it and all of it.
    private Task PauseAsync(int attempt, CancellationToken cancellationToken)
    {
        var ceiling = Math.Min(MaxPauseSeconds, 0.5 * Math.Pow(2, attempt - 1));
        return Task.Delay(TimeSpan.FromSeconds(ceiling * (0.5 + (_random.NextDouble() / 2))), _time, cancellationToken);
    }
}
