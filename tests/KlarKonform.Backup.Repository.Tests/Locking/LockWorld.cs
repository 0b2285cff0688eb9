using System.Diagnostics;
using System.Text.Json;
using KlarKonform.Backup.Repository.Crypto;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.TestSupport;

namespace KlarKonform.Backup.Repository.Tests.Locking;

/// <summary>
/// A storage and machines that use it, in a time that only passes from one event to the next. The seed decides how long each request takes;
/// continuations run on the caller's thread, so that a seed always plays the same.
/// </summary>
internal sealed class LockWorld
{
    public const string Password = "world";

    private readonly object _gate = new();
    private readonly PriorityQueue<(LockMachine? Machine, Action Action), (TimeSpan Due, long Order)> _events = new();
    private readonly List<LockMachine> _machines = [];
    private readonly CryptoKey _key;
    private long _order;

    public LockWorld(int seed = 0)
    {
        Random = new Random(seed);
        using var folder = new TemporaryFolder();
        ForeignProgram.Initialize(folder["repository"], Password, n: 2, r: 1, p: 1); // No attack to withstand here.
        _key = ForeignProgram.OpenKey(folder["repository"], Password);
        foreach (var file in Directory.GetFiles(folder["repository"], "*", SearchOption.AllDirectories))
            Objects[Path.GetRelativePath(folder["repository"], file).Replace('\\', '/')] = File.ReadAllBytes(file);
    }

    public Random Random { get; }

    /// <summary>Time that has really passed.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>What is stored.</summary>
    public Dictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal);

    /// <summary>When things were stored, for checks that need it.</summary>
    public Dictionary<string, DateTimeOffset> Stored { get; } = new(StringComparer.Ordinal);

    /// <summary>What happened, for people who look for the cause.</summary>
    public List<string> Log { get; } = [];

    /// <summary>Whether requests take time; before that, everything is answered at once.</summary>
    public bool IsRunning { get; set; }

    public IReadOnlyList<LockMachine> Machines => _machines;

    public IEnumerable<string> Below(string folder) => Objects.Keys.Where(key => key.StartsWith(folder + "/", StringComparison.Ordinal));

    /// <summary>A machine with a clock of its own.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="ahead">How far its clock is ahead.</param>
    public LockMachine Machine(string name, TimeSpan ahead = default)
    {
        IsRunning = false;
        var machine = new LockMachine(this, name, ahead);
        _machines.Add(machine);
        IsRunning = true;
        return machine;
    }

    /// <summary>A lock file as written by a program that knows the format only by its specification.</summary>
    public (string Key, byte[] Content) Lock(object json)
    {
        var content = ForeignProgram.Seal(_key, json);
        return ("locks/" + BlobId.Of(content), content);
    }

    /// <summary>Puts a lock there at once.</summary>
    public string Plant(object json)
    {
        var (key, content) = Lock(json);
        Objects[key] = content;
        return key;
    }

    /// <summary>The content of a lock file.</summary>
    public JsonElement Read(byte[] content) => ForeignProgram.Open(_key, content);

    public void Say(string text)
    {
        lock (_gate)
            Log.Add($"{Now:c} {text}");
    }

    /// <summary>Schedules an event; an event of a machine only happens while it is awake, and never when it is dead.</summary>
    public void After(TimeSpan span, LockMachine? machine, Action action)
    {
        lock (_gate)
            _events.Enqueue((machine, action), (Now + span, _order++));
    }

    /// <summary>Lets time pass until a machine's work is finished.</summary>
    public T Run<T>(LockMachine machine, Func<Task<T>> work)
    {
        var task = work();
        machine.Main = task;
        while (!task.IsCompleted)
            Step();
        return task.GetAwaiter().GetResult();
    }

    public void Run(LockMachine machine, Func<Task> work) =>
        Run(
            machine,
            async () =>
            {
                await work().ConfigureAwait(false);
                return true;
            }
        );

    /// <summary>Lets time pass.</summary>
    public void Pass(TimeSpan span)
    {
        var end = Now + span;
        var over = false;
        After(span, null, () => over = true);
        while (!over)
            Step();
        Assert.Equal(end, Now);
    }

    /// <summary>Lets the next thing happen.</summary>
    public void Step()
    {
        Settle();
        (LockMachine? Machine, Action Action) next;
        lock (_gate)
        {
            Assert.True(_events.TryDequeue(out next, out var at), "Nothing will ever happen any more.");
            Now = at.Due > Now ? at.Due : Now;
        }

        if (next.Machine is { IsDead: true })
            return;
        if (next.Machine is { } machine && machine.AsleepUntil > Now)
            After(machine.AsleepUntil - Now, machine, next.Action);
        else
            next.Action();
        Settle();
    }

    // Some continuations use a thread of the pool: a machine that has neither finished nor waits for an event is about to do one of the
    // two.
    private void Settle()
    {
        var began = Stopwatch.GetTimestamp();
        while (_machines.Exists(machine => !machine.IsQuiet))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(3), "Somebody waits for nothing.");
            Thread.Yield();
        }
    }
}
