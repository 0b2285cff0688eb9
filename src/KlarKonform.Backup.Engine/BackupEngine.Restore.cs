using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Browsing.Search;
using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Restore;
using KlarKonform.Backup.Engine.Restore.ToFolder;
using KlarKonform.Backup.Engine.Restore.ToMicrosoft365;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;

namespace KlarKonform.Backup.Engine;

/// <content>Browsing, searching and restoring.</content>
public sealed partial class BackupEngine
{
    // One line of progress per this many items: a single item takes less time than a line.
    private const int ItemsAProgress = 50;

    /// <inheritdoc />
    public IAsyncEnumerable<RestoredItem> RestoreAsync(
        string name,
        RestoreRequest request,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    ) =>
        StreamAsync<RestoredItem>(
            async (writer, token) =>
            {
                await WithRepositoryAsync(
                    name,
                    secrets,
                    async session =>
                    {
                        // Everything that can be refused is refused before anything is written.
                        var sources = await SourcesAsync(session, request, token);
                        await using var held = await ShareAsync(session, observer, token);
                        await ColdStorage.WarnAsync(session, observer, token);
                        await session.Repository.Index.LoadAsync(token);
                        var browser = new SnapshotBrowser(new RepositoryReader(session.Repository, treeCache: session.TreeCache));
                        foreach (var source in sources)
                        {
                            if (
                                await new SnapshotSelection(browser, source.Paths, request.IncludeDeleted).MissingAsync(
                                    source.Root,
                                    token
                                ) is
                                { } missing
                            )
                                throw new BackupException(
                                    ErrorIds.PathNotFound,
                                    BackupErrorCategory.ObjectNotFound,
                                    missing,
                                    missing,
                                    source.Snapshot[..8]
                                );
                        }

                        var count = 0;
                        await using var report = await RestoreReport.OpenAsync(request.ReportPath, request.AppendReport);
                        await using var folder = request.Cloud is null ? new FolderRestorer(session, request, sources) : null;
                        await foreach (
                            var item in (
                                folder is not null
                                    ? folder.RestoreAsync(token)
                                    : RestoreToCloudAsync(session, request, sources, secrets, observer, token)
                            )
                        )
                        {
                            if (report is not null)
                                await report.AddAsync(item);
                            await writer.WriteAsync(item, token);
                            if (count++ % ItemsAProgress == 0)
                                observer.Progress(new BackupProgress(null, Texts.Get("Progress_Restoring", count), -1, Completed: false));
                        }

                        return true;
                    },
                    token
                );
            },
            cancellationToken
        );

    /// <inheritdoc />
    public IAsyncEnumerable<BackupItem> GetItemsAsync(
        string name,
        string snapshotId,
        string path,
        bool recurse,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    ) =>
        StreamAsync<BackupItem>(
            async (writer, token) =>
            {
                await WithRepositoryAsync(
                    name,
                    secrets,
                    async session =>
                    {
                        var (id, snapshot) = await session.FindSnapshotAsync(snapshotId, token);
                        await session.Repository.Index.OpenAsync(token);
                        var browser = new SnapshotBrowser(new RepositoryReader(session.Repository, treeCache: session.TreeCache));
                        var any = false;
                        await foreach (
                            var found in new SnapshotSelection(browser, [path], includeDeleted: true).NamedAsync(snapshot.Root, token)
                        )
                        {
                            any = true;
                            await foreach (var entry in ListAsync(browser, found, path, recurse, token))
                            {
                                if (entry.Fault is { } fault)
                                    observer.Warning(Texts.Get("BrowseDamaged", entry.Path, ItemWall.Describe(fault).Detail));
                                else
                                    await writer.WriteAsync(
                                        ItemSummary.Of(entry).ToItem(session.Configuration.Name, id.ToString(), snapshot.Taken, entry.Path),
                                        token
                                    );
                            }
                        }

                        return any || path.Trim('/').Length == 0
                            ? true
                            : throw new BackupException(
                                ErrorIds.PathNotFound,
                                BackupErrorCategory.ObjectNotFound,
                                path,
                                path,
                                id.ToString()[..8]
                            );
                    },
                    token
                );
            },
            cancellationToken
        );

    /// <inheritdoc />
    public IAsyncEnumerable<BackupItem> FindItemsAsync(
        string name,
        ItemQuery query,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    ) =>
        StreamAsync<BackupItem>(
            async (writer, token) =>
            {
                await WithRepositoryAsync(
                    name,
                    secrets,
                    async session =>
                    {
                        await foreach (
                            var item in new ItemSearch(session, _home.Cache(session.Configuration.Id), observer).RunAsync(query, token)
                        )
                            await writer.WriteAsync(item, token);
                        return true;
                    },
                    token
                );
            },
            cancellationToken
        );

    // By snapshot: "latest" and the id of that snapshot are the same source, and a path given twice counts once.
    private static async Task<IReadOnlyList<RestoreSource>> SourcesAsync(
        BackupRepository session,
        RestoreRequest request,
        CancellationToken cancellationToken
    )
    {
        var sources = new List<RestoreSource>();
        foreach (var selection in request.Further.Prepend(new RestoreSelection(request.SnapshotId, request.Paths)))
        {
            var (id, snapshot) = await session.FindSnapshotAsync(selection.SnapshotId, cancellationToken);
            var source = sources.Find(each => each.Snapshot == id.ToString());
            if (source is null)
                sources.Add(source = new RestoreSource(id.ToString(), snapshot.Root));
            source.Paths.UnionWith(selection.Paths);
        }

        return sources;
    }

    // Prevents pruning during the restore. An account that may only read can restore nevertheless, without the lock.
    private async Task<RepositoryLock?> ShareAsync(BackupRepository session, IBackupObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            return await RepositoryLock.AcquireAsync(
                session.Repository,
                exclusive: false,
                _time,
                cancellationToken,
                LockWatching.On(observer)
            );
        }
        catch (Storage.StorageException exception)
            when (exception.Kind is Storage.StorageErrorKind.AccessDenied or Storage.StorageErrorKind.Full)
        {
            observer.Warning(Texts.Get("RestoreWithoutLock", exception.Message));
            return null;
        }
    }

    // A folder given by its name is listed; for a pattern, the matches themselves are shown.
    private static async IAsyncEnumerable<SnapshotEntry> ListAsync(
        SnapshotBrowser browser,
        SnapshotEntry found,
        string path,
        bool recurse,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var pattern = path.Trim('/').Length == 0 || (path.AsSpan().IndexOfAny('*', '?') >= 0 && found.Path != "/" + path.Trim('/'));
        if (found.Fault is not null)
        {
            yield return found;
        }
        else if (recurse)
        {
            await foreach (var entry in browser.WalkAsync(found, cancellationToken))
                yield return entry;
        }
        else if (pattern || !found.Node.IsDirectory)
        {
            yield return found;
        }
        else
        {
            foreach (var child in await browser.ChildrenAsync(found, cancellationToken))
                yield return child;
        }
    }

    private async IAsyncEnumerable<RestoredItem> RestoreToCloudAsync(
        BackupRepository session,
        RestoreRequest request,
        IReadOnlyList<RestoreSource> sources,
        ISecretStore secrets,
        IBackupObserver observer,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var graph = await new GraphFactory(secrets, _time, _random).OpenAsync(
            session.Configuration.Tenant,
            GraphFactory.LogTo(observer),
            cancellationToken
        );
        var context = new RestoreContext(
            new RepositoryReader(session.Repository, treeCache: session.TreeCache),
            graph.Client,
            request,
            _time
        );
        using var restorer = new CloudRestorer(context, session.Configuration, sources, observer);
        await foreach (var item in restorer.RestoreAsync(cancellationToken))
            yield return item;
    }

    // An iterator cannot yield inside a try with a catch, so the results pass through a channel whose producer translates errors.
    private static async IAsyncEnumerable<T> StreamAsync<T>(
        Func<ChannelWriter<T>, CancellationToken, Task> produce,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var channel = Channel.CreateBounded<T>(64);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var producer = Task.Run(
            async () =>
            {
                try
                {
                    await produce(channel.Writer, stop.Token);
                    channel.Writer.Complete();
                }
                catch (Exception exception)
                {
                    channel.Writer.Complete(exception);
                }
            },
            CancellationToken.None
        );
        try
        {
            while (await WaitAsync(channel.Reader, cancellationToken))
            {
                while (channel.Reader.TryRead(out var item))
                    yield return item;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await producer;
        }
    }

    private static async Task<bool> WaitAsync<T>(ChannelReader<T> reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.WaitToReadAsync(cancellationToken);
        }
        catch (ChannelClosedException exception) when (exception.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(exception.InnerException);
            throw;
        }
    }
}
