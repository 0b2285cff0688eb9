using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Drives;
using KlarKonform.Backup.Engine.Sources.Mailboxes;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.SharePoint;
using KlarKonform.Backup.Engine.Sources.WhatsApp;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Sites;

namespace KlarKonform.Backup.Engine.Sources;

/// <summary>Which resources a run covers: the configuration's sources and patterns, narrowed by the run's options.</summary>
internal sealed class SourceCatalog(
    BackupConfiguration configuration,
    BackupOptions options,
    ISecretStore secrets,
    TimeProvider time,
    Random random
)
{
    // How much memory all file downloads of a run may use together.
    private const long DownloadMemory = 48 << 20;

    private readonly Selection _selection = new();
    private readonly ByteBudget _memory = new(DownloadMemory);
    private readonly List<string> _doubts = [];
    private bool _sitesListed;
    private bool _usersListed;
    private Selection.Patterns? _asked;

    /// <summary>Notes for the admin about the listing.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>The kinds of resources that a configuration enables.</summary>
    public static IReadOnlyList<string> KindsOf(SourceSettings sources) =>
        [
            .. new (string Name, object? Section)[]
            {
                (ResourceKinds.Mail, sources.Mail),
                (ResourceKinds.Calendar, sources.Calendar),
                (ResourceKinds.Contacts, sources.Contacts),
                (ResourceKinds.Directory, sources.Directory),
                (ResourceKinds.OneDrive, sources.OneDrive),
                (ResourceKinds.SharePoint, sources.SharePoint),
                (ResourceKinds.WhatsApp, sources.WhatsApp),
            }
                .Where(kind => kind.Section is not null)
                .Select(kind => kind.Name),
        ];

    /// <summary>Lists the users and creates a source for each selected one, and one for the address book.</summary>
    /// <exception cref="BackupException">SourceUnknown or NoResources.</exception>
    public async Task<TenantInventory> ListAsync(GraphClient client, CancellationToken cancellationToken)
    {
        var settings = configuration.Sources;
        var known = KindsOf(settings);
        foreach (var wanted in options.Sources)
        {
            if (!known.Contains(wanted, StringComparer.OrdinalIgnoreCase))
                throw new BackupException(
                    ErrorIds.SourceUnknown,
                    BackupErrorCategory.InvalidArgument,
                    wanted,
                    wanted,
                    configuration.Name,
                    string.Join(", ", known)
                );
        }

        _asked = _selection.Of("Resource", null, options.Resources);
        var kinds = new (string Name, SourceSelection? Selection, Func<GraphUser, IResourceSource> Create)[]
        {
            (ResourceKinds.Mail, settings.Mail, user => new MailSource(client, user, settings.Mail!)),
            (ResourceKinds.Calendar, settings.Calendar, user => new CalendarSource(client, user)),
            (ResourceKinds.Contacts, settings.Contacts, user => new ContactSource(client, user)),
            (
                ResourceKinds.OneDrive,
                settings.OneDrive,
                user => new OneDriveSource(client, user, null, DriveSettings.From(settings.OneDrive!, _memory))
            ),
        }
            .Where(kind => kind.Selection is not null && Asked(kind.Name))
            .Select(kind => new UserKind(
                kind.Name,
                kind.Create,
                _selection.Of("Include", kind.Name, kind.Selection!.Include),
                _selection.Of("Exclude", kind.Name, kind.Selection.Exclude)
            ))
            .ToArray();
        var sources = new List<IResourceSource>();
        var users = new HashSet<string> { configuration.Tenant.Id };
        if (settings.Directory is { } directory && Asked(ResourceKinds.Directory) && options.Resources.Count == 0)
            sources.Add(new DirectorySource(client, configuration.Tenant.Id, directory, random));
        if (settings.WhatsApp is { } chats && Asked(ResourceKinds.WhatsApp) && options.Resources.Count == 0)
            sources.Add(new WhatsAppSource(client, configuration.Tenant, chats, secrets, time, random));
        var all = new List<GraphUser>();
        await ListUsersAsync(client, all, sources, kinds, cancellationToken);
        foreach (var user in all)
        {
            users.Add(user.Id);
            foreach (var kind in kinds)
            {
                if (
                    Wanted(
                        kind.Include,
                        kind.Exclude,
                        Selection.NamesOf(user),
                        new UnselectedResource(kind.Name, user.Id, user.UserPrincipalName)
                    )
                )
                    sources.Add(kind.Create(user));
            }
        }

        client.Governor.SetTenantSize(users.Count, all.Count(user => user.IsLicensed));
        if (
            (settings.SharePoint is not null && Asked(ResourceKinds.SharePoint))
            || (settings.OneDrive is not null && Asked(ResourceKinds.OneDrive))
        )
            await AddSitesAsync(
                client,
                all,
                users,
                kinds.FirstOrDefault(kind => kind.Name == ResourceKinds.OneDrive),
                sources,
                cancellationToken
            );

        // A listing may name a resource twice.
        sources = [.. sources.DistinctBy(source => (source.Kind, source.ResourceId))];
        return sources.Count > 0
            ? new TenantInventory(sources, users, _sitesListed, _usersListed)
            {
                Doubts = [.. _doubts, .. _selection.Doubts(IsListed)],
                Unselected = _selection.Unselected,
            }
            : throw new BackupException(
                ErrorIds.NoResources,
                BackupErrorCategory.ObjectNotFound,
                configuration.Name,
                options.Resources.Count > 0 ? string.Join(", ", options.Resources) : configuration.Name
            );
    }

    // Even without the list of users, everything that does not belong to users can be backed up; and without one user, the others.
    private async Task ListUsersAsync(
        GraphClient client,
        List<GraphUser> all,
        List<IResourceSource> sources,
        IReadOnlyList<UserKind> kinds,
        CancellationToken cancellationToken
    )
    {
        var nameless = 0;
        var known = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            await foreach (var user in new DirectoryApi(client).UsersAsync(cancellationToken, count => nameless += count))
            {
                if (known.Add(user.Id))
                    all.Add(user);
            }

            // A user exists, but without a name: that is not a success, and no user counts as gone because of it.
            _usersListed = nameless == 0;
            if (nameless > 0 && kinds.Count > 0)
                sources.Add(
                    new FailedListing(
                        kinds[0].Name,
                        new GraphException(GraphErrorKind.Other, null, "EntriesUnread", Texts.Get("UsersNameless", nameless))
                    )
                );
        }
        catch (GraphException exception)
            when (exception.Kind is not (GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate or GraphErrorKind.Throttled)
                && exception is not { Kind: GraphErrorKind.Unreachable, Status: null, Code: not GraphException.BrokenAnswer }
                && IsMoreThanUsers
            )
        {
            sources.AddRange(kinds.Select(kind => new FailedListing(kind.Name, exception)));
        }
    }

    // Whether a run would back up anything without the users.
    private bool IsMoreThanUsers =>
        options.Resources.Count == 0
        && new[]
        {
            (ResourceKinds.Directory, configuration.Sources.Directory is not null),
            (ResourceKinds.SharePoint, configuration.Sources.SharePoint is not null),
            (ResourceKinds.WhatsApp, configuration.Sources.WhatsApp is not null),
        }.Any(each => each.Item2 && Asked(each.Item1));

    private async Task AddSitesAsync(
        GraphClient client,
        IReadOnlyList<GraphUser> all,
        HashSet<string> users,
        UserKind? drives,
        List<IResourceSource> sources,
        CancellationToken cancellationToken
    )
    {
        var settings = configuration.Sources;
        var sites = new List<GraphSite>();
        var nameless = 0;
        try
        {
            await foreach (var site in new SiteApi(client).AllAsync(cancellationToken, count => nameless += count))
                sites.Add(site);
            if (nameless > 0 && settings.SharePoint is not null && Asked(ResourceKinds.SharePoint))
                sources.Add(
                    new FailedListing(
                        ResourceKinds.SharePoint,
                        new GraphException(GraphErrorKind.Other, null, "EntriesUnread", Texts.Get("SitesNameless", nameless))
                    )
                );
        }
        catch (GraphException exception) when (exception.Kind is not (GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate))
        {
            if (settings.SharePoint is not null && Asked(ResourceKinds.SharePoint) && exception.Kind != GraphErrorKind.NotProvisioned)
                sources.Add(new FailedListing(ResourceKinds.SharePoint, exception));
            else if (settings.SharePoint is null)
                Notes.Add(Texts.Get("DepartedUnlisted", exception.Code));
            return;
        }

        sites = [.. sites.DistinctBy(site => site.Id)];
        users.UnionWith(sites.Select(site => site.Id));
        _sitesListed = nameless == 0;
        if (drives is not null)
            await AddDepartedAsync(client, drives, all, users, sites, sources, cancellationToken);
        if (settings.SharePoint is not { } selection || !Asked(ResourceKinds.SharePoint))
            return;
        var (include, exclude) = (
            _selection.Of("IncludeSite", ResourceKinds.SharePoint, selection.Include),
            _selection.Of("ExcludeSite", ResourceKinds.SharePoint, selection.Exclude)
        );
        var folders = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var site in sites.Where(site => !site.IsPersonal).OrderBy(site => site.Id, StringComparer.Ordinal))
        {
            var folder = FolderOf(site);
            if (!folders.Add(folder))
                folder = SafeName.WithMark(folder, site.Id);
            var source = new SharePointSource(client, site, folder, DriveSettings.From(selection, _memory));
            var found = new UnselectedResource(source.Kind, source.ResourceId, source.Name);
            if (Wanted(include, exclude, Selection.NamesOf(site), found))
                sources.Add(source);
        }
    }

    // A personal site is kept for a while after its user is deleted. Sites of existing users are recognised by their address.
    private async Task AddDepartedAsync(
        GraphClient client,
        UserKind kind,
        IReadOnlyList<GraphUser> all,
        HashSet<string> users,
        IEnumerable<GraphSite> sites,
        List<IResourceSource> sources,
        CancellationToken cancellationToken
    )
    {
        var present = all.Select(user => PersonalName(user.UserPrincipalName)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var site in sites.Where(site => site.IsPersonal && !present.Contains(site.WebUrl.Segments[^1].Trim('/'))))
        {
            try
            {
                var (drive, owner) = await new DriveApi(client).SiteDriveAsync(site.Id, cancellationToken);
                if (owner is not null && users.Contains(owner))
                    continue; // Renamed; the address stayed the same.
                var gone = new GraphUser(owner ?? site.Id, site.WebUrl.Segments[^1].Trim('/'), site.Title, false);
                users.Add($"{ResourceKinds.OneDrive}-{gone.Id}");
                if (
                    Wanted(
                        kind.Include,
                        kind.Exclude,
                        Selection.NamesOf(gone),
                        new UnselectedResource(ResourceKinds.OneDrive, gone.Id, gone.UserPrincipalName)
                    )
                )
                    sources.Add(new OneDriveSource(client, gone, drive, DriveSettings.From(configuration.Sources.OneDrive!, _memory)));
            }
            catch (GraphException exception)
                when (exception.Kind
                        is GraphErrorKind.NotFound
                            or GraphErrorKind.NotProvisioned
                            or GraphErrorKind.AccessDenied
                            or GraphErrorKind.Locked
                            or GraphErrorKind.ResourceGone
                )
            {
                // Listed, but no longer served.
            }
            catch (GraphException exception)
                when (exception.Kind is not (GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate))
            {
                // It is unknown whose it is, or whether it still exists.
                _doubts.Add(Texts.Get("PersonalSiteUnread", site.Title, exception.Code));
                _usersListed = false;
                if (!sources.Any(source => source is FailedListing { Kind: ResourceKinds.OneDrive }))
                    sources.Add(new FailedListing(ResourceKinds.OneDrive, exception));
            }
        }
    }

    // How SharePoint derives a personal site's address from a user's name.
    private static string PersonalName(string userPrincipalName) =>
        new([.. userPrincipalName.Select(sign => char.IsAsciiLetterOrDigit(sign) ? sign : '_')]);

    // The path of its address, without the "sites" that most begin with; for the root site its host.
    private static string FolderOf(GraphSite site)
    {
        var path = Uri.UnescapeDataString(site.WebUrl.AbsolutePath).Trim('/');
        if (path.StartsWith("sites/", StringComparison.OrdinalIgnoreCase))
            path = path["sites/".Length..];
        return SafeName.From(path.Length > 0 ? path : site.WebUrl.Host, SafeName.Mark(site.Id));
    }

    // The configuration's patterns are evaluated in any case, so that the result for a resource does not depend on what restricts this run.
    private bool Wanted(Selection.Patterns include, Selection.Patterns exclude, IReadOnlyList<string> names, UnselectedResource resource) =>
        _selection.Takes(include, exclude, names, resource) && (_asked!.IsEmpty || _asked.Match(names, resource.Id));

    // Patterns for kinds that could not be listed are not judged; those of this run only if users and sites were listed.
    private bool IsListed(string? kind) =>
        kind switch
        {
            ResourceKinds.SharePoint => _sitesListed,
            null => _sitesListed || configuration.Sources.SharePoint is null || !Asked(ResourceKinds.SharePoint),
            _ => true,
        };

    private bool Asked(string kind) => options.Sources.Count == 0 || options.Sources.Contains(kind, StringComparer.OrdinalIgnoreCase);

    /// <summary>A kind of resource that users have.</summary>
    private sealed record UserKind(
        string Name,
        Func<GraphUser, IResourceSource> Create,
        Selection.Patterns Include,
        Selection.Patterns Exclude
    );
}
