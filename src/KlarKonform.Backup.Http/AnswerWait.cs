namespace KlarKonform.Backup.Http;

/// <summary>The time until an answer begins; every piece of the request that went out begins it anew. Thread-safe.</summary>
internal sealed class AnswerWait : IDisposable
{
    // The end of a body lies in buffers of the operating system when it seems to be sent: so much of it, on a line that slow.
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

    /// <summary>Ends the request.</summary>
    public CancellationToken Token => _source.Token;

    public bool IsOver => _source.IsCancellationRequested;

    /// <summary>How long is waited now.</summary>
    public TimeSpan Limit => _limit + TimeSpan.FromSeconds(Math.Min(Interlocked.Read(ref _sent), MostBuffered) / SlowestLine);

    /// <summary>So many bytes of the request went out.</summary>
    public void Sent(int bytes)
    {
        Interlocked.Add(ref _sent, bytes);
        lock (_lock)
        {
            // An answer may be there before the request is at its end.
            if (!_disposed)
                _source.CancelAfter(Limit);
        }
    }

    public void Dispose()
    {
        // Before the lock: a callback that runs now is waited for.
        _caller.Dispose();
        lock (_lock)
        {
            _disposed = true;
            _source.Dispose();
        }
    }
}
