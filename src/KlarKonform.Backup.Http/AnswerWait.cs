namespace KlarKonform.Backup.Http;

/// <summary>The time until a response begins; every piece of the request that is sent starts it again. Thread-safe.</summary>
internal sealed class AnswerWait : IDisposable
{
    // The end of a body is still in the operating system's buffers when it seems to be sent: this much of it, on a line this slow.
    private const long MostBuffered = 4 << 20;
    private const double SlowestLine = 16 << 10;

    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _caller;
    private readonly object _lock = new();
    private long _sent;
    private bool _disposed;

    public AnswerWait(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        _limit = limit;
        _source = new CancellationTokenSource(limit, time);
        _caller = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    /// <summary>Cancels the request.</summary>
    public CancellationToken Token => _source.Token;

    public bool IsOver => _source.IsCancellationRequested;

    /// <summary>The current time limit.</summary>
    public TimeSpan Limit => _limit + TimeSpan.FromSeconds(Math.Min(Interlocked.Read(ref _sent), MostBuffered) / SlowestLine);

    /// <summary>Records that this many bytes of the request were sent.</summary>
    public void Sent(int bytes)
    {
        Interlocked.Add(ref _sent, bytes);
        lock (_lock)
        {
            // A response may arrive before the request has been sent completely.
            if (!_disposed)
                _source.CancelAfter(Limit);
        }
    }

    public void Dispose()
    {
        // Before the lock: this waits for a callback that is running.
        _caller.Dispose();
        lock (_lock)
        {
            _disposed = true;
            _source.Dispose();
        }
    }
}
