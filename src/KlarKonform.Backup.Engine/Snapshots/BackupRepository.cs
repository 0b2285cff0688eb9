using System.Collections.Concurrent;
using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Writing;
using KlarKonform.Backup.Storage;
using KlarKonform.Backup.Storage.Caching;

namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>A configuration's repository, opened, with the snapshots that belong to the configuration.</summary>
internal sealed class BackupRepository : IAsyncDisposable
{
    private readonly ConcurrentDictionary<BlobId, bool> _unreadable = new();

    private BackupRepository(
        BackupConfiguration configuration,
        IObjectStore store,
        ResticRepository repository,
        IObjectStore? cache,
        Random random
    )
    {
        Random = random;
        TreeCache = Memory = cache;
        Configuration = configuration;
        Store = store;
        Repository = repository;
    }

    public BackupConfiguration Configuration { get; }

    /// <summary>Jitter; thread-safe.</summary>
    public Random Random { get; }

    public IObjectStore Store { get; }

    public ResticRepository Repository { get; }

    /// <summary>How to write to the target.</summary>
    public WriterOptions WriterOptions => TargetTraits.Writing(Configuration.Target);

    /// <summary>How many packs to read from the target concurrently.</summary>
    public int ReadsAtOnce => TargetTraits.ReadsAtOnce(Configuration.Target);

    /// <summary>Where trees are cached locally, or null.</summary>
    public IObjectStore? TreeCache { get; }

    /// <summary>
    /// Where this machine remembers what it knows of the repository, or null: see <see cref="NearMemory"/>. Also set where nothing else may
    /// come from the cache.
    /// </summary>
    public IObjectStore? Memory { get; set; }

    /// <summary>Opens the repository.</summary>
    /// <param name="configuration">The configuration that the repository belongs to.</param>
    /// <param name="secrets">Its secrets.</param>
    /// <param name="create">Whether a missing one is created.</param>
    /// <param name="cache">Folder of the local cache, or null for none: a check must see the storage itself.</param>
    /// <param name="time">Clock and pauses.</param>
    /// <param name="random">Jitter.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static Task<BackupRepository> OpenAsync(
        BackupConfiguration configuration,
        ISecretStore secrets,
        bool create,
        string? cache,
        TimeProvider time,
        Random random,
        CancellationToken cancellationToken
    ) => OpenAsync(configuration, secrets, create, cache, time, random, null, cancellationToken);

    /// <summary>Opens the repository.</summary>
    /// <param name="configuration">The configuration that the repository belongs to.</param>
    /// <param name="secrets">Its secrets.</param>
    /// <param name="create">Whether a missing one is created.</param>
    /// <param name="cache">Folder of the local cache, or null for none: a check must see the storage itself.</param>
    /// <param name="time">Clock and pauses.</param>
    /// <param name="random">Jitter.</param>
    /// <param name="moved">Called when the storage has transferred something, or null.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async Task<BackupRepository> OpenAsync(
        BackupConfiguration configuration,
        ISecretStore secrets,
        bool create,
        string? cache,
        TimeProvider time,
        Random random,
        Action? moved,
        CancellationToken cancellationToken
    )
    {
        var password = await secrets.GetAsync(SecretReference.Parse(configuration.Repository.Password), cancellationToken);
        var store = await new TargetFactory(secrets, time, random, moved).OpenAsync(configuration.Target, cancellationToken);
        var near = cache is null ? null : LocalCache.Open(cache, time);
        if (near is not null)
            store = new CachingObjectStore(store, near, LocalCache.Folders);
        try
        {
            await store.PrepareAsync(create, cancellationToken);
            var repository =
                create && !await ResticRepository.ExistsAsync(store, cancellationToken)
                    ? await CreateAsync(store, password.Secret, time, cancellationToken)
                    : await ResticRepository.OpenAsync(store, password.Secret, cancellationToken);
            return new BackupRepository(configuration, store, repository, near, random);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    private static async Task<ResticRepository> CreateAsync(
        IObjectStore store,
        string password,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await ResticRepository.InitializeAsync(
                store,
                password,
                Environment.UserName,
                Environment.MachineName,
                time,
                cancellationToken
            );
        }
        catch (RepositoryException exception) when (exception.Kind == RepositoryErrorKind.AlreadyExists)
        {
            // Another machine was faster.
            return await ResticRepository.OpenAsync(store, password, cancellationToken);
        }
    }

    /// <summary>The snapshot that this machine wrote last, or null: a listing without it is not trusted.</summary>
    public BlobId? Known { get; set; }

    /// <summary>Snapshot files, of any configuration, that were found damaged so far.</summary>
    public IReadOnlyList<BlobId> Unreadable => [.. _unreadable.Keys];

    /// <summary>The configuration's snapshots, oldest first.</summary>
    /// <exception cref="BackupException">RepositoryOfOtherTenant.</exception>
    public async Task<IReadOnlyList<StoredSnapshot>> SnapshotsAsync(CancellationToken cancellationToken) =>
        OwnOf(await AllSnapshotsAsync(cancellationToken));

    /// <summary>The snapshots of all configurations, in no particular order.</summary>
    public Task<IReadOnlyList<StoredSnapshot>> AllSnapshotsAsync(CancellationToken cancellationToken) =>
        FindAsync(_ => false, cancellationToken);

    /// <summary>
    /// The configuration's newest complete snapshot and the checkpoints after it, oldest first; older ones may be included.
    /// </summary>
    /// <exception cref="BackupException">RepositoryOfOtherTenant.</exception>
    public async Task<IReadOnlyList<StoredSnapshot>> RecentAsync(CancellationToken cancellationToken) =>
        OwnOf(await FindAsync(snapshot => snapshot.Tags?.Contains(OwnTag) == true && !snapshot.IsCheckpoint(), cancellationToken));

    private async Task<IReadOnlyList<StoredSnapshot>> FindAsync(Func<Snapshot, bool> isEnough, CancellationToken cancellationToken)
    {
        var recent = new RecentSnapshots(Repository);
        var found = await recent.FindAsync(isEnough, Known, cancellationToken);
        foreach (var id in recent.Unreadable)
            _unreadable[id] = true;
        return found;
    }

    private string OwnTag => SnapshotTags.Configuration + Configuration.Id;

    /// <summary>Those of the given snapshots that belong to the configuration, oldest first.</summary>
    /// <exception cref="BackupException">RepositoryOfOtherTenant.</exception>
    public IReadOnlyList<StoredSnapshot> OwnOf(IEnumerable<StoredSnapshot> all)
    {
        var own = new List<StoredSnapshot>();
        foreach (var each in all)
        {
            var tags = each.Snapshot.Tags ?? [];
            if (
                tags.Any(text => text.StartsWith(SnapshotTags.Configuration, StringComparison.Ordinal))
                && !string.Equals(each.Snapshot.Hostname, Configuration.Tenant.Id, StringComparison.OrdinalIgnoreCase)
            )
                throw new BackupException(
                    ErrorIds.RepositoryOfOtherTenant,
                    BackupErrorCategory.SecurityError,
                    Store.Location,
                    Store.Location,
                    each.Snapshot.Hostname,
                    Configuration.Tenant.Id
                );
            if (tags.Contains(OwnTag))
                own.Add(each);
        }

        return SnapshotOrder.Sort(own);
    }

    /// <summary>
    /// Finds a snapshot by <c>latest</c>, its id or the beginning of its id. <c>latest</c> prefers complete snapshots to checkpoints.
    /// </summary>
    /// <exception cref="BackupException">SnapshotNotFound or SnapshotAmbiguous.</exception>
    public async Task<StoredSnapshot> FindSnapshotAsync(string id, CancellationToken cancellationToken)
    {
        var all = await (id == "latest" ? RecentAsync(cancellationToken) : SnapshotsAsync(cancellationToken));
        var complete = all.Where(each => !each.Snapshot.IsCheckpoint()).ToArray();
        var found =
            id == "latest"
                ? [.. (complete.Length > 0 ? complete : all).TakeLast(1)]
                : all.Where(each => each.Id.ToString().StartsWith(id, StringComparison.OrdinalIgnoreCase)).ToArray();
        return found.Length switch
        {
            1 => found[0],
            0 => throw new BackupException(ErrorIds.SnapshotNotFound, BackupErrorCategory.ObjectNotFound, id, Configuration.Name, id),
            _ => throw new BackupException(ErrorIds.SnapshotAmbiguous, BackupErrorCategory.InvalidArgument, id, id),
        };
    }

    public async ValueTask DisposeAsync()
    {
        Repository.Dispose();
        await Store.DisposeAsync();
    }
}
