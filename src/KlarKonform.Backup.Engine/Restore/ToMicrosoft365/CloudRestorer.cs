using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Errors;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Sites;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>
/// Restores to Microsoft 365: resources concurrently, each as fast as its service allows. Interrupted at any moment, it can be started
/// again and finds what is there already.
/// </summary>
internal sealed class CloudRestorer(
    RestoreContext context,
    BackupConfiguration configuration,
    IReadOnlyList<RestoreSource> sources,
    IBackupObserver observer
) : IDisposable
{
    private const int ResourcesAtOnce = 16;

    private readonly SnapshotBrowser _browser = new(context.Reader);
    private readonly ConcurrentDictionary<(string Site, string? Library), (string Drive, bool Found)> _drives = new();
    private IReadOnlyList<GraphSite>? _sites;
    private readonly AsyncLock _gate = new();

    /// <summary>Restores, and reports every item.</summary>
    /// <exception cref="BackupException">Nothing could be restored because Graph refuses.</exception>
    public async IAsyncEnumerable<RestoredItem> RestoreAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A target that does not exist is a mistake in the command, so it is reported before anything is written.
        if (context.Cloud.Site is { } site)
            await SiteAsync(site, cancellationToken);
        if (context.Cloud.User is { } user && !await new DirectoryApi(context.Client).ExistsAsync(user, cancellationToken))
            throw new BackupException(ErrorIds.RestoreUserUnknown, BackupErrorCategory.ObjectNotFound, user, user);
        var groups = new Dictionary<CloudResource, List<(SnapshotSelection Selection, SelectedBranch Branch)>>();
        foreach (var source in sources)
        {
            var manifest = await ManifestAsync(source, cancellationToken);
            var selection = new SnapshotSelection(_browser, source.Paths, context.Request.IncludeDeleted);
            await foreach (var branch in selection.BranchesAsync(source.Root, IsOfResource, cancellationToken))
            {
                if (branch.Entry.Fault is { } fault)
                {
                    yield return Failed(branch.Entry, "", fault);
                    continue;
                }

                var resource = CloudResource.Of(branch.Entry, manifest);
                if (!groups.TryGetValue(resource, out var branches))
                    groups[resource] = branches = [];
                branches.Add((selection, branch));
            }
        }

        var results = Channel.CreateBounded<RestoredItem>(256);
        var restoring = RestoreAsync(groups, results.Writer, cancellationToken);
        await foreach (var item in results.Reader.ReadAllAsync(cancellationToken))
            yield return item;
        await restoring;
    }

    public void Dispose() => _gate.Dispose();

    // The manifest only translates names to ids: a mailbox or drive can be found by its name too.
    private async Task<RunManifest?> ManifestAsync(RestoreSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await RunManifest.ReadAsync(context.Reader, source.Root, cancellationToken);
        }
        catch (Exception exception) when (ItemWall.Holds(exception, cancellationToken))
        {
            observer.Warning(Texts.Get("BrowseDamaged", "/" + SnapshotLayout.StateFolder, ItemWall.Describe(exception).Detail));
            return null;
        }
    }

    // A path above a resource stands for all resources below it.
    private static bool IsOfResource(SnapshotEntry entry) =>
        !entry.Node.IsDirectory || entry.Depth + 1 >= SnapshotLayout.ResourceDepth(entry.Chain()[0].Node.Name);

    private async Task RestoreAsync(
        Dictionary<CloudResource, List<(SnapshotSelection Selection, SelectedBranch Branch)>> groups,
        ChannelWriter<RestoredItem> results,
        CancellationToken cancellationToken
    )
    {
        Exception? refused = null;
        var refusals = new ConcurrentQueue<RestoredItem>();
        var restored = 0L;
        try
        {
            await Parallel.ForEachAsync(
                groups,
                new ParallelOptions { MaxDegreeOfParallelism = ResourcesAtOnce, CancellationToken = cancellationToken },
                async (group, token) =>
                {
                    var watch = new RefusalWatch();
                    try
                    {
                        await RestoreResourceAsync(group.Key, group.Value, watch, results, token);
                    }
                    catch (Exception exception) when (exception is GraphException or BackupException || ItemWall.Holds(exception, token))
                    {
                        var error = (BackupException)ErrorTranslator.Translate(exception, configuration);
                        Interlocked.CompareExchange(ref refused, error, null);
                        refusals.Enqueue(
                            new RestoredItem(group.Value[0].Branch.Entry.Path, group.Key.Name, 0, RestoreOutcomes.Failed)
                            {
                                Code = (exception as GraphException)?.Code ?? error.ErrorId,
                                Detail = error.Message,
                            }
                        );
                    }

                    Interlocked.Add(ref restored, watch.Restored);
                }
            );
            foreach (var item in restored > 0 ? refusals : [])
                await results.WriteAsync(item, cancellationToken);
            results.Complete();
        }
        catch (Exception exception)
        {
            results.Complete(exception);
            return;
        }

        // One mailbox that refuses is a line in the report; if all refuse, it is an error.
        if (refused is not null && restored == 0)
            throw refused;
    }

    private async Task RestoreResourceAsync(
        CloudResource resource,
        IReadOnlyList<(SnapshotSelection Selection, SelectedBranch Branch)> branches,
        RefusalWatch watch,
        ChannelWriter<RestoredItem> results,
        CancellationToken cancellationToken
    )
    {
        using var restorer = await RestorerOfAsync(resource, cancellationToken);
        if (restorer is null)
        {
            foreach (var (selection, branch) in branches)
            {
                await foreach (var entry in selection.WalkAsync(branch, below: false, cancellationToken))
                    await results.WriteAsync(
                        new RestoredItem(entry.Path, resource.Name, (long)entry.Node.Size, RestoreOutcomes.Skipped)
                        {
                            Detail = Texts.Get("RestoreNotRestorable", resource.Kind),
                        },
                        cancellationToken
                    );
            }

            return;
        }

        var options = new ParallelOptions { MaxDegreeOfParallelism = restorer.Concurrency, CancellationToken = cancellationToken };
        foreach (var (selection, branch) in branches)
        {
            await Parallel.ForEachAsync(
                selection.WalkAsync(branch, below: true, cancellationToken),
                options,
                async (entry, token) =>
                {
                    var (row, refusal) = await RestoreEntryAsync(resource, restorer, entry, token);
                    foreach (var item in row is null ? [] : watch.Take(row, refusal))
                        await results.WriteAsync(item, token);
                }
            );
        }

        foreach (var item in watch.End())
            await results.WriteAsync(item, cancellationToken);
    }

    private static async Task<(RestoredItem? Row, GraphException? Refusal)> RestoreEntryAsync(
        CloudResource resource,
        IResourceRestorer restorer,
        SnapshotEntry entry,
        CancellationToken cancellationToken
    )
    {
        if (entry.Fault is { } fault)
            return (Failed(entry, restorer.Place, fault), null);
        try
        {
            using var item = resource.ItemOf(entry);
            if (entry.Node.IsDirectory)
            {
                // Empty folders are restored too; existing ones are found.
                if (item.Type.Length > 0 && entry.Depth >= resource.Depth)
                    await restorer.EnsureFolderAsync(
                        [.. item.Folders, new RestoreFolder(item.Id, NameOf(item), item.Type)],
                        cancellationToken
                    );
                return default;
            }

            return (restorer.IsItem(entry) ? await RestoreItemAsync(restorer, item, cancellationToken) : null, null);
        }
        catch (GraphException exception) when (RefusalWatch.IsFull(exception))
        {
            throw new BackupException(ErrorIds.RestoreTargetFull, BackupErrorCategory.QuotaExceeded, restorer.Place, restorer.Place);
        }
        catch (GraphException exception) when (exception.Kind is not (GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate))
        {
            return (Failed(entry, restorer.Place, exception), RefusalWatch.IsOfAll(exception) ? exception : null);
        }
        catch (Exception exception) when (exception is not GraphException && ItemWall.Holds(exception, cancellationToken))
        {
            return (Failed(entry, restorer.Place, exception), null);
        }
    }

    private static async Task<RestoredItem?> RestoreItemAsync(
        IResourceRestorer restorer,
        RestoreItem item,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await restorer.RestoreAsync(item, cancellationToken);
        }
        catch
        {
            item.Released?.Invoke(); // Another version of it may succeed.
            throw;
        }
    }

    private static RestoredItem Failed(SnapshotEntry entry, string place, Exception exception)
    {
        var (code, detail) = ItemWall.Describe(exception);
        return new RestoredItem(entry.Path, place, (long)entry.Node.Size, RestoreOutcomes.Failed) { Code = code, Detail = detail };
    }

    private static string NameOf(RestoreItem item) =>
        item.Type != "drive" && item.Graph.Text("displayName") is { Length: > 0 } display ? display
        : item.Graph.Text("name") is { Length: > 0 } name ? name
        : item.Entry.Node.Name;

    private async Task<IResourceRestorer?> RestorerOfAsync(CloudResource resource, CancellationToken cancellationToken)
    {
        var user = context.Cloud.User ?? resource.Id;
        var isSource =
            context.Cloud.User is null
            || string.Equals(user, resource.Id, StringComparison.OrdinalIgnoreCase)
            || string.Equals(user, resource.Name, StringComparison.OrdinalIgnoreCase);
        var shown = context.Cloud.User ?? resource.Name;
        switch (resource.Kind)
        {
            case ResourceKinds.Mail:
                return new MailRestorer(context, user, shown, isSource);
            case ResourceKinds.Calendar:
                return new CalendarRestorer(context, user, shown, isSource);
            case ResourceKinds.Contacts:
                return new ContactRestorer(context, user, shown, isSource);
            case ResourceKinds.OneDrive:
                var drive = context.Cloud.Site is { } elsewhere
                    ? (await SiteDriveAsync(await SiteAsync(elsewhere, cancellationToken), null, cancellationToken)).Drive
                    : await new DriveApi(context.Client).UserDriveAsync(user, cancellationToken);
                return new DriveRestorer(context, context.Cloud.Site ?? shown, resource.Name, InDrive(drive));
            case ResourceKinds.SharePoint when context.Cloud.User is { } other:
                // A library's files into a user's drive: below a folder with the library's name.
                var home = await new DriveApi(context.Client).UserDriveAsync(other, cancellationToken);
                return new DriveRestorer(context, other, resource.Name, InDrive(home));
            case ResourceKinds.SharePoint:
                var site = context.Cloud.Site is { } address ? await SiteAsync(address, cancellationToken) : null;
                return new DriveRestorer(
                    context,
                    context.Cloud.Site ?? resource.Name,
                    resource.Name,
                    (folders, token) => LibraryAsync(site, folders, token)
                );
            default:
                return null;
        }
    }

    private static Func<IReadOnlyList<RestoreFolder>, CancellationToken, Task<DrivePlace?>> InDrive(string drive) =>
        (folders, _) => Task.FromResult<DrivePlace?>(new DrivePlace(drive, "", folders));

    // When restoring in place, a library is found by its id. Elsewhere it is the one of the same name, or the default one with a folder of
    // that name. Null outside of the libraries: a site's lists and pages.
    private async Task<DrivePlace?> LibraryAsync(GraphSite? site, IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken)
    {
        var at = 0;
        while (at < folders.Count && folders[at].Type != "drive")
            at++;
        if (at == folders.Count)
            return null;
        var (library, inside) = (folders[at], folders.Skip(at + 1).ToArray());
        if (site is null)
            return new DrivePlace(library.Id[(library.Id.IndexOf(':', StringComparison.Ordinal) + 1)..], library.Name, inside);
        var (drive, found) = await SiteDriveAsync(site, library.Name, cancellationToken);
        return new DrivePlace(drive, library.Name, found ? inside : [.. folders.Skip(at)]);
    }

    private async Task<(string Drive, bool Found)> SiteDriveAsync(GraphSite site, string? library, CancellationToken cancellationToken)
    {
        if (_drives.TryGetValue((site.Id, library), out var known))
            return known;
        var drives = (await new SiteApi(context.Client).LibrariesAsync(site.Id, cancellationToken)).Items;
        var named = drives.FirstOrDefault(drive =>
            library is not null && string.Equals(drive.Text("name"), library, StringComparison.OrdinalIgnoreCase)
        );
        var found = named.ValueKind == System.Text.Json.JsonValueKind.Object;
        var id = found ? named.Text("id") : (await new DriveApi(context.Client).SiteDriveAsync(site.Id, cancellationToken)).Drive;
        return _drives[(site.Id, library)] = (id, found);
    }

    private async Task<GraphSite> SiteAsync(string address, CancellationToken cancellationToken)
    {
        using (await _gate.EnterAsync(cancellationToken))
        {
            if (_sites is null)
            {
                var all = new List<GraphSite>();
                await foreach (var site in new SiteApi(context.Client).AllAsync(cancellationToken))
                    all.Add(site);
                _sites = all;
            }
        }

        return _sites.FirstOrDefault(site =>
                string.Equals(site.WebUrl.AbsoluteUri.TrimEnd('/'), address.TrimEnd('/'), StringComparison.OrdinalIgnoreCase)
                || string.Equals(site.WebUrl.AbsolutePath.TrimEnd('/'), address.TrimEnd('/'), StringComparison.OrdinalIgnoreCase)
            ) ?? throw new BackupException(ErrorIds.RestoreSiteUnknown, BackupErrorCategory.ObjectNotFound, address, address);
    }
}
