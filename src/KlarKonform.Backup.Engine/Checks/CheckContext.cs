using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>What the checks of one configuration share: earlier ones open and find what later ones use. Not thread-safe.</summary>
internal sealed class CheckContext(BackupConfiguration configuration, ISecretStore secrets, TimeProvider time, Random random)
    : IAsyncDisposable
{
    private IObjectStore? _store;
    private GraphConnection? _graph;

    public BackupConfiguration Configuration => configuration;

    public ISecretStore Secrets => secrets;

    public TimeProvider Time => time;

    public Random Random => random;

    /// <summary>The storage, opened by <see cref="StorageCheck"/>.</summary>
    public IObjectStore Store
    {
        get => _store ?? throw new InvalidOperationException($"The check does not say that it needs {nameof(StorageCheck)}.");
        set => _store = value;
    }

    /// <summary>The tenant, opened by <see cref="SignInCheck"/>.</summary>
    public GraphConnection Graph
    {
        get => _graph ?? throw new InvalidOperationException($"The check does not say that it needs {nameof(SignInCheck)}.");
        set => _graph = value;
    }

    /// <summary>How far this computer's clock is ahead of Microsoft's, if <see cref="TlsCheck"/> has found out.</summary>
    public TimeSpan? ClockAhead { get; set; }

    /// <summary>The users that <see cref="UsersCheck"/> has found.</summary>
    public List<GraphUser> Users { get; } = [];

    public async ValueTask DisposeAsync()
    {
        _graph?.Dispose();
        if (_store is not null)
            await _store.DisposeAsync();
    }
}
