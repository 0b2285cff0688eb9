using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks.Files;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>
/// Our own file below <c>locks/</c>: written, renewed as another file, checked, removed. It reports its loss, but only after asking the
/// storage, or after trying to for as long as others have to wait for it. Thread-safe.
/// </summary>
internal sealed class LockLease(ResticRepository repository, bool exclusive, string? purpose, TimeProvider time) : IDisposable
{
    /// <summary>
    /// A lock that could not be renewed for this long is given up: ten minutes before restic may call it stale, because clocks differ.
    /// </summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromMinutes(20);

    // How often the machine's clocks are compared: a sleep or a clock change is noticed soon.
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(15);

    // Shorter pauses would be zero, because fractions of a millisecond are cut off.
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(100);

    private readonly LockDirectory _shelf = new(repository, time);
    private readonly LockJudge _judge = new(time);
    private readonly TimeSpan _renewEvery = purpose is null ? LockJudge.RenewEvery : LockJudge.RenewPurposeEvery;
    private readonly string _started = Json.NanoTime.From(time.GetLocalNow()).ToString();
    private readonly CancellationTokenSource _lost = new();
    private readonly AsyncLock _renewing = new();
    private BlobId? _predecessor;
    private Instant _written;
    private Instant _rewritten;
    private Instant _looked;
    private Instant _swept;

    /// <summary>The file's name; the default value before it is written.</summary>
    public BlobId Id { get; private set; }

    /// <summary>Cancelled when nothing may rely on it any more.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>The unforeseen error that ended the renewal, or null.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>The longest time for which it may not have been checked.</summary>
    public TimeSpan Unseen => _looked.AtMost(time);

    // Also after a sleep, and after a clock change: others compare its time with theirs.
    private bool IsDue => _written.AtMost(time) >= _renewEvery;

    /// <summary>Writes it for the first time.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        _written = _looked = _swept = Instant.Now(time);
        Id = await WriteFileAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Renews it until stopped or lost. If anything else ends the renewal, the lock is lost too, because it is no longer renewed.
    /// </summary>
    public async Task RenewUntilAsync(CancellationToken stop)
    {
        try
        {
            for (var pause = _renewEvery; !_lost.IsCancellationRequested; pause = _renewEvery - _written.AtMost(time))
            {
                await Task.Delay(
                        pause > s_tick || pause <= TimeSpan.Zero ? s_tick
                            : pause > s_shortest ? pause
                            : s_shortest,
                        time,
                        stop
                    )
                    .ConfigureAwait(false);
                if (IsDue)
                    await TryRenewAsync(stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Released.
        }
        catch (Exception exception)
        {
            Failure = exception;
            await _lost.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Asks the storage whether the lock was respected until now. A renewal that is due, or was interrupted, shows that too.
    /// </summary>
    /// <returns>Whether it was respected; if not, it is lost.</returns>
    /// <exception cref="StorageException">This cannot be determined.</exception>
    public async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        using var turn = await _renewing.EnterAsync(cancellationToken).ConfigureAwait(false);
        if (_lost.IsCancellationRequested)
            return false;
        if (_predecessor is not null || IsDue)
            return await RenewAsync(cancellationToken).ConfigureAwait(false);
        var asked = Instant.Now(time);
        if (!await _shelf.ExistsAsync(Id, cancellationToken).ConfigureAwait(false))
        {
            await _lost.CancelAsync().ConfigureAwait(false);
            return false;
        }

        _looked = asked;
        return true;
    }

    /// <summary>Removes it.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        await _shelf.DeleteAsync(Id, cancellationToken).ConfigureAwait(false);
        if (_predecessor is { } left)
            await _shelf.DeleteAsync(left, cancellationToken).ConfigureAwait(false); // Stopped in the middle of a renewal.
    }

    public void Dispose()
    {
        _lost.Dispose();
        _renewing.Dispose();
    }

    private async Task<BlobId> WriteFileAsync(CancellationToken cancellationToken) =>
        await repository
            .Files.SaveAsync(
                RepositoryFile.Lock,
                new LockFile
                {
                    Time = Json.NanoTime.From(time.GetLocalNow()).ToString(),
                    Exclusive = exclusive,
                    Hostname = $"{Environment.MachineName} (KlarKonform)",
                    TrueHost = Environment.MachineName,
                    Username = Environment.UserName,
                    Pid = Environment.ProcessId,
                    Purpose = purpose,
                    Started = _started,
                    Boot = ProcessHome.Current.Boot,
                    PidNamespace = ProcessHome.Current.PidNamespace,
                },
                cancellationToken
            )
            .ConfigureAwait(false);

    private async Task TryRenewAsync(CancellationToken stop)
    {
        var left = LostAfter - _written.Awake(time);
        using var limit = new CancellationTokenSource(left > s_tick ? left : s_tick, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
        try
        {
            using (await _renewing.EnterAsync(ending.Token).ConfigureAwait(false))
            {
                await RenewAsync(ending.Token).ConfigureAwait(false);
            }

            await SweepAsync(ending.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is StorageException
                || (exception is OperationCanceledException && !stop.IsCancellationRequested && limit.IsCancellationRequested)
            )
        {
            // Tried again at the next tick. After being unreachable for so long, the lock is worthless.
            if (_written.Awake(time) >= LostAfter)
                await _lost.CancelAsync().ConfigureAwait(false);
        }
    }

    // Like restic with a lock that may be stale (refreshStaleLock): a program that took it for dead removed it before doing anything else.
    // So a lock that still exists after its successor was written was respected all the time, whatever the clock says.
    private async Task<bool> RenewAsync(CancellationToken cancellationToken)
    {
        var old = _predecessor ?? Id;
        if (_predecessor is null)
        {
            _rewritten = Instant.Now(time);
            (_predecessor, Id) = (Id, await WriteFileAsync(cancellationToken).ConfigureAwait(false));
        }

        var asked = Instant.Now(time);
        var respected = await _shelf.ExistsAsync(old, cancellationToken).ConfigureAwait(false);
        await _shelf.DeleteAsync(respected ? old : Id, cancellationToken).ConfigureAwait(false);
        (_predecessor, _written, _looked) = (null, _rewritten, asked);
        if (!respected)
            await _lost.CancelAsync().ConfigureAwait(false);
        return respected;
    }

    // Dead locks of others, left alone, would keep stock restic out until an unlock. They are watched alongside the work.
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (_swept.Awake(time) < LockJudge.SweepEvery)
            return;
        _swept = Instant.Now(time);
        foreach (var seen in await _shelf.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (seen.Id != Id && _judge.Judge(seen).Watch == TimeSpan.Zero)
                await _shelf.DeleteAsync(seen.Id, cancellationToken).ConfigureAwait(false);
        }
    }
}
