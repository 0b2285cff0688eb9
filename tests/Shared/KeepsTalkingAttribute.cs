using System.Collections.Concurrent;
using System.Reflection;
using KlarKonform.Backup.Tests;
using Xunit.v3;

[assembly: KeepsTalking]

namespace KlarKonform.Backup.Tests;

/// <summary>
/// A test that takes long writes a line now and then. xunit's runner reads the test process's messages on one thread and waits for its end
/// on another; when the process has ended it gives the last messages one minute <i>after the last one that came</i>
/// (CrashDetectionSinkBase.OnProcessFinished, xunit 3.2.2). After a last test that printed nothing for longer than that it gives them no
/// time at all, and on a busy machine reports "Test process crashed with exit code 0" for a process that passed. Thread-safe.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class KeepsTalkingAttribute : BeforeAfterTestAttribute
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Voice> _voices = new();

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (TestContext.Current.TestOutputHelper is { } output)
            _voices[test.UniqueID] = new Voice(output);
    }

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (_voices.TryRemove(test.UniqueID, out var voice))
            voice.Dispose();
    }

    private sealed class Voice : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly ITestOutputHelper _output;
        private readonly ITimer _timer;
        private readonly long _began = TimeProvider.System.GetTimestamp();
        private bool _isOver;

        public Voice(ITestOutputHelper output) =>
            (_output, _timer) = (output, TimeProvider.System.CreateTimer(_ => Speak(), null, s_every, s_every));

        public void Dispose()
        {
            _timer.Dispose();
            lock (_lock)
                _isOver = true;
        }

        private void Speak()
        {
            lock (_lock)
            {
                if (!_isOver)
                    _output.WriteLine("Still running after {0:0} s.", TimeProvider.System.GetElapsedTime(_began).TotalSeconds);
            }
        }
    }
}
