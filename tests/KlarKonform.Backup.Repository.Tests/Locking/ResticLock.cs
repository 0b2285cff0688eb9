using System.Text.Json;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Repository.Tests.Locking;

/// <summary>
/// How the current restic takes, renews and gives up a lock (internal/repository/lock.go and lock_file.go): it removes no other locks,
/// renews its own without a check, and checks only when more than 22.5 minutes have passed by its clock.
/// </summary>
internal sealed class ResticLock : IDisposable
{
    private static readonly TimeSpan s_refresh = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_refreshable = TimeSpan.FromMinutes(22.5);
    private static readonly TimeSpan s_stale = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_beforeCheck = TimeSpan.FromMilliseconds(200);

    private readonly LockWorld _world;
    private readonly LockMachine _machine;
    private readonly bool _exclusive;
    private readonly CancellationTokenSource _lost = new();
    private string _key = "";
    private DateTimeOffset _refreshed;
    private bool _isReleased;

    private ResticLock(LockWorld world, LockMachine machine, bool exclusive) =>
        (_world, _machine, _exclusive) = (world, machine, exclusive);

    /// <summary>Cancelled when it could not be renewed in time.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Null: another process holds one that excludes it.</summary>
    public static async Task<ResticLock?> TakeAsync(LockWorld world, LockMachine machine, bool exclusive)
    {
        var own = new ResticLock(world, machine, exclusive);
        if (await own.IsExcludedAsync())
            return null;
        await own.WriteAsync();
        await machine.PauseAsync(s_beforeCheck);
        if (await own.IsExcludedAsync())
        {
            await own.DeleteAsync(own._key);
            return null;
        }

        _ = own.RefreshAsync();
        _ = own.MonitorAsync();
        return own;
    }

    /// <summary><c>restic unlock</c>: judges only by the clock.</summary>
    public static async Task UnlockAsync(LockWorld world, LockMachine machine)
    {
        foreach (var (key, file) in await LoadAsync(world, machine))
        {
            if (machine.Time.GetUtcNow() - file.GetProperty("time").GetDateTimeOffset() > s_stale)
                await machine.Store.DeleteAsync(key, default);
        }
    }

    public void Dispose() => _lost.Dispose();

    public async Task ReleaseAsync()
    {
        _isReleased = true;
        await DeleteAsync(_key);
    }

    private static async Task<List<(string Key, JsonElement File)>> LoadAsync(LockWorld world, LockMachine machine)
    {
        var files = new List<(string Key, JsonElement File)>();
        await foreach (var item in machine.Store.ListAsync("locks", default))
        {
            try
            {
                files.Add((item.Key, world.Read(await machine.Store.ReadAllAsync(item.Key, default))));
            }
            catch (StorageException exception) when (exception.Kind == StorageErrorKind.NotFound)
            {
                // Released meanwhile.
            }
        }

        return files;
    }

    private async Task<bool> IsExcludedAsync() =>
        (await LoadAsync(_world, _machine)).Exists(other =>
            other.Key != _key && (_exclusive || other.File.GetProperty("exclusive").GetBoolean())
        );

    private async Task WriteAsync()
    {
        var now = _machine.Time.GetUtcNow();
        var (key, content) = _world.Lock(
            new
            {
                time = now,
                exclusive = _exclusive,
                hostname = _machine.Name,
                username = "restic",
                pid = 17,
            }
        );
        await _machine.Store.SaveAsync(key, content, default);
        (_key, _refreshed) = (key, now);
    }

    private Task DeleteAsync(string key) => _machine.Store.DeleteAsync(key, default);

    private async Task RefreshAsync()
    {
        while (true)
        {
            await Task.Delay(s_refresh, _machine.Time);
            if (_isReleased || _lost.IsCancellationRequested)
                return;
            if (_machine.Time.GetUtcNow() - _refreshed > s_refreshable)
                continue;
            var old = _key;
            await WriteAsync();
            await DeleteAsync(_isReleased ? _key : old);
        }
    }

    private async Task MonitorAsync()
    {
        while (!_isReleased)
        {
            await Task.Delay(s_poll, _machine.Time);
            if (_machine.Time.GetUtcNow() - _refreshed < s_refreshable || _isReleased)
                continue;
            var old = _key;
            var respected = await ExistsAsync(old);
            if (respected)
            {
                await WriteAsync();
                await Task.Delay(s_beforeCheck, _machine.Time);
                respected = await ExistsAsync(old);
                await DeleteAsync(respected ? old : _key);
            }

            if (respected)
                continue;
            await _lost.CancelAsync();
            return;
        }
    }

    private async Task<bool> ExistsAsync(string key)
    {
        var found = false;
        await foreach (var item in _machine.Store.ListAsync("locks", default))
            found |= item.Key == key;
        return found;
    }
}
