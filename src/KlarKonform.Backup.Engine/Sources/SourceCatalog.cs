using System.IO.Enumeration;
using KlarKonform.Backup.Engine.Sources.Calendar;
using KlarKonform.Backup.Engine.Sources.Contacts;
using KlarKonform.Backup.Engine.Sources.Directory;
using KlarKonform.Backup.Engine.Sources.Drives;
using KlarKonform.Backup.Engine.Sources.Mail;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources;

/// <summary>Which resources a run covers: the configuration's sources and patterns, narrowed by the run's options.</summary>
internal sealed class SourceCatalog(BackupConfiguration configuration, BackupOptions options, Random random)
{
    private const string DirectoryKind = "Directory";

    /// <summary>The kinds of resources that a configuration switches on.</summary>
    public static IReadOnlyList<string> KindsOf(SourceSettings sources) =>
    [
        .. new (string Name, object? Section)[]
        {
            ("Mail", sources.Mail), ("Calendar", sources.Calendar), ("Contacts", sources.Contacts), (DirectoryKind, sources.Directory), ("OneDrive", sources.OneDrive),
        }.Where(kind => kind.Section is not null).Select(kind => kind.Name),
    ];

    /// <summary>Lists the users and makes a source for each selected one, and one for the address book.</summary>
    /// <exception cref="BackupException">SourceUnknown or NoResources.</exception>
    public async Task<(IReadOnlyList<IResourceSource> Sources, IReadOnlySet<string> Users)> ListAsync(GraphClient client, CancellationToken cancellationToken)
    {
        var settings = configuration.Sources;
        var known = KindsOf(settings);
        foreach (var wanted in options.Sources)
        {
            if (!known.Contains(wanted, StringComparer.OrdinalIgnoreCase))
                throw new BackupException("SourceUnknown", BackupErrorCategory.InvalidArgument, wanted, wanted, configuration.Name, string.Join(", ", known));
        }

        var kinds = new (string Name, SourceSelection? Selection, Func<GraphUser, IResourceSource> Create)[]
        {
            ("Mail", settings.Mail, user => new MailSource(client, user, settings.Mail!)),
            ("Calendar", settings.Calendar, user => new CalendarSource(client, user)),
            ("Contacts", settings.Contacts, user => new ContactSource(client, user)),
            ("OneDrive", settings.OneDrive, user => new OneDriveSource(client, user)),
        }.Where(kind => kind.Selection is not null && Asked(kind.Name)).ToArray();
        var sources = new List<IResourceSource>();
        var users = new HashSet<string> { configuration.Tenant.Id };
        if (settings.Directory is { } directory && Asked(DirectoryKind) && options.Resources.Count == 0)
            sources.Add(new DirectorySource(client, configuration.Tenant.Id, directory, random));
        await foreach (var user in new DirectoryApi(client).UsersAsync(cancellationToken).ConfigureAwait(false))
        {
            users.Add(user.Id);
            if (options.Resources.Count > 0 && !Matches(options.Resources, user))
                continue;
            foreach (var (_, selection, create) in kinds)
            {
                if ((selection!.Include is not { Count: > 0 } include || Matches(include, user)) && !Matches(selection.Exclude ?? [], user))
                    sources.Add(create(user));
            }
        }

        client.Governor.SetTenantSize(users.Count);
        return sources.Count > 0 ? (sources, users)
            : throw new BackupException("NoResources", BackupErrorCategory.ObjectNotFound, configuration.Name, options.Resources.Count > 0 ? string.Join(", ", options.Resources) : configuration.Name);
    }

    private bool Asked(string kind) => options.Sources.Count == 0 || options.Sources.Contains(kind, StringComparer.OrdinalIgnoreCase);

    private static bool Matches(IReadOnlyList<string> patterns, GraphUser user) =>
        patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, user.UserPrincipalName) || string.Equals(pattern, user.Id, StringComparison.OrdinalIgnoreCase));
}
