using System.Runtime.CompilerServices;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// A lock that restic respects, and that respects restic's: writers share, a pruner excludes. It is renewed every five minutes
/// and counts as stale after thirty, both restic's figures (internal/repository/lock.go). One with a purpose also keeps out others
/// of the same purpose, and is renewed every minute, so that a dead owner is known within few minutes. Disposing removes it.
/// Thread-safe.
/// </summary>
public sealed class RepositoryLock : IAsyncDisposable
{
    /// <summary>A purpose's lock that was not renewed for so long, by the clock, is watched for a while and then taken for dead.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromMinutes(3);

    private const int MaxAttempts = 3;

    private static readonly TimeSpan s_refreshEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_refreshPurposeEvery = TimeSpan.FromMinutes(1);

    // Clocks of two machines may differ by minutes. Who lives renews its lock within this.
    private static readonly TimeSpan s_watch = TimeSpan.FromSeconds(75);

    // Two that started at the same moment step back; then one is first.
    private static readonly TimeSpan s_maxStepBack = TimeSpan.FromSeconds(2);

    private readonly ResticRepository _repository;
    private readonly LockShelf _shelf;
    private readonly TimeProvider _time;
    private readonly bool _exclusive;
    private readonly string? _purpose;
    private readonly string _started;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly SemaphoreSlim _renewing = new(1);
    private BlobId _id;
    private BlobId? _predecessor;
    private DateTimeOffset _written;
    private DateTimeOffset _rewritten;
    private Task _refreshing = Task.CompletedTask;

    private RepositoryLock(ResticRepository repository, bool exclusive, string? purpose, TimeProvider time)
    {
        _repository = repository;
        _shelf = new LockShelf(repository, time);
        _exclusive = exclusive;
        _purpose = purpose;
        _time = time;
        _started = Json.NanoTime.From(time.GetLocalNow()).ToString();
    }

    /// <summary>Cancelled when the lock could not be renewed in time, so that nobody may rely on it any more.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Whether it keeps everybody else out.</summary>
    public bool IsExclusive => _exclusive;

    private TimeSpan RefreshEvery => _purpose is null ? s_refreshEvery : s_refreshPurposeEvery;

    // How long others surely take it for alive. A clock that was set back makes the age negative: then nobody can say.
    private bool IsDoubtful => _time.GetUtcNow() - _written is var age && (age >= (_purpose is null ? LockShelf.StaleAfter : SilentAfter) || age < -RefreshEvery);

    /// <summary>
    /// To be called before a snapshot is saved: after a machine slept, the timer that renews the lock may not have fired yet, while a
    /// pruner elsewhere removed what was written.
    /// </summary>
    /// <exception cref="OperationCanceledException">The lock is lost; <see cref="Lost"/> is cancelled.</exception>
    /// <exception cref="StorageException">Whether it is lost cannot be found out.</exception>
    public async Task ThrowIfLostAsync()
    {
        if (IsDoubtful)
            await RenewAsync(CancellationToken.None).ConfigureAwait(false);
        _lost.Token.ThrowIfCancellationRequested();
    }

    /// <summary>Takes the lock.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Locked"/>: another live lock excludes this one.</exception>
    public static Task<RepositoryLock> AcquireAsync(ResticRepository repository, bool exclusive, TimeProvider time, CancellationToken cancellationToken) =>
        new RepositoryLock(repository, exclusive, null, time).TakeAsync(cancellationToken);

    /// <summary>
    /// Takes a shared lock that keeps out others of an overlapping purpose, on whatever machine. When the lock of a dead owner is in the way,
    /// this takes a little over a minute: it is watched before it is removed.
    /// </summary>
    /// <param name="repository">The repository.</param>
    /// <param name="purpose">What for; compared letter by letter as <see cref="LockPurpose"/> says, readable for everybody who has the repository's password.</param>
    /// <param name="time">Clock and pauses.</param>
    /// <param name="random">How long two that start at the same moment step back.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.PurposeTaken"/> or <see cref="RepositoryErrorKind.Locked"/>.</exception>
    public static async Task<RepositoryLock> ClaimAsync(ResticRepository repository, string purpose, TimeProvider time, Random random, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var claim = new RepositoryLock(repository, exclusive: false, purpose, time);
            await claim.RemoveDeadAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await claim.TakeAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (RepositoryException exception) when (exception.Kind == RepositoryErrorKind.PurposeTaken && claim._id != default && attempt < MaxAttempts)
            {
                // Both wrote before either looked again, and both stepped back.
                await Task.Delay(random.NextDouble() * s_maxStepBack, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Who holds a lock now. Locks that are surely dead are left out.</summary>
    public static async IAsyncEnumerable<LockHolder> HoldersAsync(ResticRepository repository, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var shelf = new LockShelf(repository, time);
        await foreach (var (_, file) in shelf.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!shelf.IsStale(file))
                yield return LockHolder.From(file);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _refreshing.ConfigureAwait(false);
        using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await _shelf.DeleteAsync(_id, brief.Token).ConfigureAwait(false);
            if (_predecessor is { } left)
                await _shelf.DeleteAsync(left, brief.Token).ConfigureAwait(false); // Stopped in the middle of a renewal.
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            // The storage is out of reach: the lock goes stale by itself within thirty minutes.
        }

        _stop.Dispose();
        _lost.Dispose();
        _renewing.Dispose();
    }

    private async Task<RepositoryLock> TakeAsync(CancellationToken cancellationToken)
    {
        await ThrowIfExcludedAsync(cancellationToken).ConfigureAwait(false);
        _written = _time.GetUtcNow();
        _id = await WriteAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Two programs may have looked at the same moment; after writing, each sees the other's lock.
            await ThrowIfExcludedAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await _shelf.DeleteAsync(_id, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        _refreshing = RefreshAsync();
        return this;
    }

    private async Task ThrowIfExcludedAsync(CancellationToken cancellationToken)
    {
        await foreach (var (id, other) in _shelf.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (id == _id)
                continue;
            if (_shelf.IsStale(other))
            {
                // Nobody renews it any more. Left alone it would keep stock restic out until somebody unlocks.
                await _shelf.DeleteAsync(id, cancellationToken).ConfigureAwait(false);
                continue;
            }

            var held = _purpose is not null && other.Purpose is not null && LockPurpose.Overlap(other.Purpose, _purpose);
            if (_exclusive || other.Exclusive || held)
            {
                throw new RepositoryException(held ? RepositoryErrorKind.PurposeTaken : RepositoryErrorKind.Locked,
                    $"The repository is locked by process {other.Pid} of '{other.Username}' on '{other.Hostname}' since {other.Taken.UtcDateTime:u}.", LockHolder.From(other));
            }
        }
    }

    // A purpose's owner renews every minute. One that by the clock was silent for long is watched; only who stays silent is dead.
    private async Task RemoveDeadAsync(CancellationToken cancellationToken)
    {
        var silent = new List<BlobId>();
        await foreach (var (id, other) in _shelf.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (other.Purpose is not null && LockPurpose.Overlap(other.Purpose, _purpose!) && !_shelf.IsStale(other) && _time.GetUtcNow() - other.Taken >= SilentAfter)
                silent.Add(id);
        }

        if (silent.Count == 0)
            return;
        await Task.Delay(s_watch, _time, cancellationToken).ConfigureAwait(false);
        foreach (var id in silent)
            await _shelf.DeleteAsync(id, cancellationToken).ConfigureAwait(false); // A renewed lock has another id.
    }

    private async Task<BlobId> WriteAsync(CancellationToken cancellationToken) => await _repository.SaveFileAsync(RepositoryFile.Lock, new LockFile
    {
        Time = Json.NanoTime.From(_time.GetLocalNow()).ToString(),
        Exclusive = _exclusive,
        Hostname = Environment.MachineName,
        Username = Environment.UserName,
        Pid = Environment.ProcessId,
        Purpose = _purpose,
        Started = _purpose is null ? null : _started,
    }, cancellationToken).ConfigureAwait(false);

    private async Task RefreshAsync()
    {
        while (!_lost.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(RefreshEvery, _time, _stop.Token).ConfigureAwait(false);
                await RenewAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (StorageException)
            {
                // Tried again at the next turn. Out of reach for so long, the lock is worth nothing any more.
                if (_time.GetUtcNow() - _written >= LockShelf.StaleAfter)
                    await _lost.CancelAsync().ConfigureAwait(false);
            }
        }
    }

    // As restic does with a lock that may be stale (refreshStaleLock): whoever took it for dead removed it before doing anything. So a
    // lock that is still there after its successor was written was respected all the time, whatever the clock says.
    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        await _renewing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var old = _predecessor ?? _id;
            if (_predecessor is null)
            {
                _rewritten = _time.GetUtcNow();
                (_predecessor, _id) = (_id, await WriteAsync(cancellationToken).ConfigureAwait(false));
            }

            var respected = await _shelf.ExistsAsync(old, cancellationToken).ConfigureAwait(false);
            await _shelf.DeleteAsync(respected ? old : _id, cancellationToken).ConfigureAwait(false);
            (_predecessor, _written) = (null, _rewritten);
            if (!respected)
                await _lost.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            _renewing.Release();
        }
    }
}
