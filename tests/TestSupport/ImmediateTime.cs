using Microsoft.Extensions.Time.Testing;

namespace KlarKonform.Backup.TestSupport;

/// <summary>A clock whose pauses end at once.</summary>
public sealed class ImmediateTime : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var time = new FakeTimeProvider();
        var timer = time.CreateTimer(callback, state, dueTime, period);
        if (dueTime != Timeout.InfiniteTimeSpan)
            _ = Task.Run(() => time.Advance(dueTime));
        return timer;
    }
}
