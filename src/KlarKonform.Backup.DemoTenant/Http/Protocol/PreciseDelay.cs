using System.Diagnostics;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>
/// Delays to the millisecond. The runtime's timers use a clock with steps of some milliseconds, which at a latency of tens of milliseconds
/// is a tenth of what is to be measured. Thread-safe.
/// </summary>
public sealed class PreciseDelay : IDisposable
{
    private const double Smoothing = 200;
    private const double MaxLateSeconds = 0.005;

    private readonly PriorityQueue<TaskCompletionSource, long> _waiting = new();
    private readonly Thread _thread;
    private double _late;
    private bool _stopped;

    public PreciseDelay()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "Latency" };
        _thread.Start();
    }

    /// <summary>Waits this long on average: the recent delay of waking up is subtracted.</summary>
    public async Task WaitAsync(TimeSpan time)
    {
        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = Stopwatch.GetTimestamp();
        var ticks = (long)(time.TotalSeconds * Stopwatch.Frequency);
        lock (_waiting)
        {
            _waiting.Enqueue(completion, started + ticks - (long)_late);
            Monitor.Pulse(_waiting);
        }

        await completion.Task;
        var late = Stopwatch.GetTimestamp() - started - ticks;
        lock (_waiting)
            _late = Math.Clamp(_late + (late / Smoothing), 0, MaxLateSeconds * Stopwatch.Frequency);
    }

    public void Dispose()
    {
        lock (_waiting)
        {
            _stopped = true;
            Monitor.Pulse(_waiting);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            lock (_waiting)
            {
                if (_stopped)
                    return;
                if (!_waiting.TryPeek(out var first, out var due))
                {
                    Monitor.Wait(_waiting);
                    continue;
                }

                if (due <= Stopwatch.GetTimestamp())
                {
                    _waiting.Dequeue();
                    first.SetResult();
                    continue;
                }
            }

            Thread.Sleep(1);
        }
    }
}
