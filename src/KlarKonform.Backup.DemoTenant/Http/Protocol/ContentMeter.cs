using System.Collections.Concurrent;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>
/// Meters content on its way to the client: counts how many bytes of which item were served, so that a test can tell what was downloaded
/// twice; limits it to the pace of a line that all downloads share; and serves nothing while the line is cut. Thread-safe.
/// </summary>
public sealed class ContentMeter
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, long> _served = new(StringComparer.Ordinal);
    private readonly object _gate = new();
    private long _free;

    /// <summary>Bytes per second that the line carries; 0 for no limit.</summary>
    public long BytesPerSecond { get; set; }

    /// <summary>While it is set, every request and every answer in progress breaks.</summary>
    public bool IsCut { get; set; }

    /// <summary>Bytes of item contents served, by item.</summary>
    public IReadOnlyDictionary<string, long> Served => _served;

    /// <summary>Restarts the count.</summary>
    public void Reset() => _served.Clear();

    /// <summary>A stream that counts, and waits for its turn on the line.</summary>
    /// <param name="inner">Where the content goes.</param>
    /// <param name="item">The item that the content belongs to.</param>
    public Stream Open(Stream inner, string item) => new MeteredStream(this, inner, item);

    internal async Task PassAsync(string item, int bytes, CancellationToken cancellationToken)
    {
        if (BytesPerSecond > 0)
        {
            TimeSpan wait;
            lock (_gate)
            {
                var now = TimeProvider.System.GetTimestamp();
                _free = Math.Max(_free, now) + (bytes * TimeProvider.System.TimestampFrequency / BytesPerSecond);
                wait = TimeProvider.System.GetElapsedTime(now, _free);
            }

            for (; wait > TimeSpan.Zero && !IsCut; wait -= s_look)
                await Task.Delay(wait < s_look ? wait : s_look, cancellationToken);
        }

        if (IsCut)
            throw new IOException("The line is cut.");
        _served.AddOrUpdate(item, bytes, (_, before) => before + bytes);
    }
}
