using KlarKonform.Backup.Repository.Locks;

namespace KlarKonform.Backup.Repository.Tests.Locking;

/// <summary>A machine that works on the storage: it has a clock that may be wrong, may fall asleep at any request, and may die.</summary>
internal sealed class LockMachine
{
    private readonly LockWorld _world;
    private TimeSpan _slept;
    private int _requests;
    private bool _isPausing;
    private bool _mayPause;

    public LockMachine(LockWorld world, string name, TimeSpan ahead)
    {
        _world = world;
        Name = name;
        Ahead = ahead;
        Time = new MachineTime(world, this);
        Store = new MachineStore(world, this);
        Repository = ResticRepository.OpenAsync(Store, LockWorld.Password, default).GetAwaiter().GetResult();
    }

    public string Name { get; }

    public MachineTime Time { get; }

    public MachineStore Store { get; }

    public ResticRepository Repository { get; }

    /// <summary>How far its clock is ahead.</summary>
    public TimeSpan Ahead { get; set; }

    public bool IsDead { get; private set; }

    public TimeSpan AsleepUntil { get; private set; }

    /// <summary>When it last looked at its lock.</summary>
    public TimeSpan Looked { get; private set; }

    /// <summary>Called at each of its requests, before it is sent.</summary>
    public Action<string>? Fate { get; set; }

    /// <summary>The work that it does.</summary>
    public Task Main { get; set; } = Task.CompletedTask;

    /// <summary>Whether its work pauses on its own, apart from <see cref="PauseAsync"/>.</summary>
    public bool MayPause
    {
        get => Volatile.Read(ref _mayPause);
        set
        {
            Volatile.Write(ref _mayPause, value);
            Time.IsMain = value;
        }
    }

    /// <summary>How long it has slept, as far as its own clock of elapsed time does not show it.</summary>
    public TimeSpan Slept => _slept;

    public bool IsQuiet => IsDead || Main.IsCompleted || Volatile.Read(ref _requests) > 0 || _isPausing || (MayPause && Time.Pauses > 0);

    /// <summary>Falls asleep.</summary>
    /// <param name="span">For how long.</param>
    /// <param name="machine">Whether the whole machine sleeps, whose clock of elapsed time stops meanwhile, and not only the
    /// process.</param>
    public void Sleep(TimeSpan span, bool machine)
    {
        _world.Say($"{Name} sleeps for {span}{(machine ? "" : " (the process)")}");
        AsleepUntil = _world.Now + span;
        if (machine)
            _slept += span;
    }

    public void Die()
    {
        _world.Say($"{Name} dies");
        IsDead = true;
    }

    public async Task PauseAsync(TimeSpan span)
    {
        var pause = Task.Delay(span, Time);
        _isPausing = true;
        await pause.ConfigureAwait(false);
        _isPausing = false;
    }

    public Task<RepositoryLock> ClaimAsync(string purpose) =>
        TakeAsync(() => RepositoryLock.ClaimAsync(Repository, purpose, Time, _world.Random, default));

    public Task<RepositoryLock> AcquireAsync(bool exclusive) =>
        TakeAsync(() => RepositoryLock.AcquireAsync(Repository, exclusive, Time, default));

    /// <summary>Runs something that waits only by pauses.</summary>
    public async Task<T> TakeAsync<T>(Func<Task<T>> take)
    {
        MayPause = true;
        try
        {
            return await take().ConfigureAwait(false);
        }
        finally
        {
            MayPause = false;
        }
    }

    /// <summary>
    /// Sends a request: it takes effect after a while, even if its sender sleeps or dies meanwhile, and is answered later.
    /// </summary>
    public Task<T> AskAsync<T>(string what, Func<T> effect)
    {
        if (!_world.IsRunning)
            return Task.FromResult(effect());
        var answer = new TaskCompletionSource<T>();
        Fate?.Invoke(what);
        _world.After(
            Span(),
            this,
            () =>
                _world.After(
                    Span(),
                    null,
                    () =>
                    {
                        Action give;
                        try
                        {
                            var result = effect();
                            _world.Say($"{Name} {what}");
                            if (what.StartsWith("stats locks", StringComparison.Ordinal))
                                Looked = _world.Now;
                            give = () => answer.SetResult(result);
                        }
                        catch (Storage.StorageException exception)
                        {
                            give = () => answer.SetException(exception);
                        }

                        _world.After(
                            Span(),
                            this,
                            () =>
                            {
                                Interlocked.Decrement(ref _requests);
                                give();
                            }
                        );
                    }
                )
        );
        Interlocked.Increment(ref _requests);
        return answer.Task;
    }

    private TimeSpan Span() =>
        TimeSpan.FromMilliseconds(_world.Random.Next(50) == 0 ? _world.Random.Next(20_000) : _world.Random.Next(1, 300));
}
