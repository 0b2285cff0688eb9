using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// A lock that restic respects, and that respects restic's: writers share, a pruner excludes. It is renewed every five minutes
/// and counts as stale after thirty, both restic's figures (internal/repository/lock.go). Disposing removes it.
/// </summary>
public sealed class RepositoryLock : IAsyncDisposable
{
    private static readonly TimeSpan s_refreshEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_staleAfter = TimeSpan.FromMinutes(30);

    private readonly ResticRepository _repository;
    private readonly TimeProvider _time;
    private readonly bool _exclusive;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost = new();
    private BlobId _id;
    private DateTimeOffset _written;
    private Task _refreshing = Task.CompletedTask;

    private RepositoryLock(ResticRepository repository, bool exclusive, TimeProvider time)
    {
        _repository = repository;
        _exclusive = exclusive;
        _time = time;
    }

    /// <summary>Cancelled when the lock could not be renewed in time, so that nobody may rely on it any more.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Whether it keeps everybody else out.</summary>
    public bool IsExclusive => _exclusive;

    private bool HasExpired => _time.GetUtcNow() - _written >= s_staleAfter;

    /// <summary>
    /// To be called before a snapshot is saved: after a machine slept, the timer that renews the lock may not have fired yet, while a
    /// pruner elsewhere removed what was written.
    /// </summary>
    /// <exception cref="OperationCanceledException">The lock is lost; <see cref="Lost"/> is cancelled.</exception>
    public async Task ThrowIfLostAsync()
    {
        if (HasExpired)
            await _lost.CancelAsync().ConfigureAwait(false);
        _lost.Token.ThrowIfCancellationRequested();
    }

    /// <summary>Takes the lock.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Locked"/>: another live lock excludes this one.</exception>
    public static async Task<RepositoryLock> AcquireAsync(ResticRepository repository, bool exclusive, TimeProvider time, CancellationToken cancellationToken)
    {
        var taken = new RepositoryLock(repository, exclusive, time);
        await taken.ThrowIfExcludedAsync(cancellationToken).ConfigureAwait(false);
        taken._written = time.GetUtcNow();
        taken._id = await taken.WriteAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Two programs may have looked at the same moment; after writing, each sees the other's lock.
            await taken.ThrowIfExcludedAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await repository.Store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Lock, taken._id), CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        taken._refreshing = taken.RefreshAsync();
        return taken;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _refreshing.ConfigureAwait(false);
        using var brief = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await _repository.Store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Lock, _id), brief.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is StorageException or OperationCanceledException)
        {
            // The storage is out of reach: the lock goes stale by itself within thirty minutes.
        }

        _stop.Dispose();
        _lost.Dispose();
    }

    private async Task ThrowIfExcludedAsync(CancellationToken cancellationToken)
    {
        await foreach (var id in _repository.ListAsync(RepositoryFile.Lock, cancellationToken).ConfigureAwait(false))
        {
            if (id == _id)
                continue;
            LockFile other;
            try
            {
                other = await _repository.LoadFileAsync<LockFile>(RepositoryFile.Lock, id, cancellationToken).ConfigureAwait(false);
            }
            catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
            {
                continue; // Released between the listing and the look.
            }

            if (IsStale(other))
            {
                // Nobody renews it any more. Left alone it would keep stock restic out until somebody unlocks.
                await _repository.Store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Lock, id), cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (_exclusive || other.Exclusive)
            {
                throw new RepositoryException(RepositoryErrorKind.Locked,
                    $"The repository is locked by process {other.Pid} of '{other.Username}' on '{other.Hostname}' since {other.Taken.UtcDateTime:u}.");
            }
        }
    }

    // As in restic: too old, or of a process of this machine that does not exist any more.
    private bool IsStale(LockFile other)
    {
        if (_time.GetUtcNow() - other.Taken >= s_staleAfter)
            return true;
        if (other.Pid <= 0 || !string.Equals(other.Hostname, Environment.MachineName, StringComparison.OrdinalIgnoreCase))
            return false;
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(other.Pid);
            return process.HasExited;
        }
        catch (ArgumentException)
        {
            return true; // There is no such process.
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false; // There is one, of somebody else.
        }
    }

    private async Task<BlobId> WriteAsync(CancellationToken cancellationToken) => await _repository.SaveFileAsync(RepositoryFile.Lock, new LockFile
    {
        Time = Json.NanoTime.From(_time.GetLocalNow()).ToString(),
        Exclusive = _exclusive,
        Hostname = Environment.MachineName,
        Username = Environment.UserName,
        Pid = Environment.ProcessId,
    }, cancellationToken).ConfigureAwait(false);

    private async Task RefreshAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(s_refreshEvery, _time, _stop.Token).ConfigureAwait(false);
                if (HasExpired)
                {
                    // The machine slept: others had every right to take this lock for dead.
                    await _lost.CancelAsync().ConfigureAwait(false);
                    return;
                }

                var old = _id;
                _id = await WriteAsync(_stop.Token).ConfigureAwait(false);
                _written = _time.GetUtcNow();
                await _repository.Store.DeleteAsync(RepositoryLayout.Key(RepositoryFile.Lock, old), _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (StorageException)
            {
                // Tried again in five minutes; after thirty the lock is worth nothing.
                if (!HasExpired)
                    continue;
                await _lost.CancelAsync().ConfigureAwait(false);
                return;
            }
        }
    }
}
