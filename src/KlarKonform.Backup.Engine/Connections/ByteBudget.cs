namespace KlarKonform.Backup.Engine.Connections;

/// <summary>
/// A budget in bytes for the memory of concurrent streams: a caller that wants more than is left waits its turn. Thread-safe.
/// </summary>
internal sealed class ByteBudget
{
    private readonly object _gate = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Admitted)> _waiting = new();
    private readonly long _bytes;
    private long _left;

    public ByteBudget(long bytes) => _left = _bytes = bytes;

    /// <summary>Waits for this many bytes, at most the whole budget. Dispose the result to give them back.</summary>
    public async Task<IDisposable> TakeAsync(long wanted, CancellationToken cancellationToken)
    {
        var taken = Math.Min(wanted, _bytes);
        var admitted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue((taken, admitted));
            Admit();
        }

        try
        {
            await admitted.Task.WaitAsync(cancellationToken);
        }
        catch
        {
            // It was admitted in the meantime, or will be later: in either case only this continuation gives the bytes back.
            _ = admitted.Task.ContinueWith(
                _ => GiveBack(taken),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
            throw;
        }

        return new Share(this, taken);
    }

    private void GiveBack(long taken)
    {
        lock (_gate)
        {
            _left += taken;
            Admit();
        }
    }

    private void Admit()
    {
        while (_waiting.TryPeek(out var next) && next.Bytes <= _left)
        {
            _waiting.Dequeue();
            _left -= next.Bytes;
            next.Admitted.SetResult();
        }
    }

    private sealed class Share(ByteBudget budget, long taken) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
                budget.GiveBack(taken);
        }
    }
}
