using System.IO.Enumeration;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources;

/// <summary>Which resources a run covers: the configuration's sources and patterns, narrowed by the run's options.</summary>
internal sealed class SourceCatalog(BackupConfiguration configuration, BackupOptions options)
{
    /// <summary>Lists the users and makes a source for each selected one.</summary>
    /// <exception cref="BackupException">SourceUnknown or NoResources.</exception>
    public async Task<(IReadOnlyList<IResourceSource> Sources, IReadOnlySet<string> Users)> ListAsync(GraphClient client, CancellationToken cancellationToken)
    {
        var kinds = new (string Name, SourceSelection? Selection, Func<GraphUser, IResourceSource> Create)[]
        {
            ("Mail", configuration.Sources.Mail, user => new MailSource(client, user)),
            ("OneDrive", configuration.Sources.OneDrive, user => new OneDriveSource(client, user)),
        }.Where(kind => kind.Selection is not null).ToArray();
        foreach (var wanted in options.Sources)
        {
            if (!kinds.Any(kind => string.Equals(kind.Name, wanted, StringComparison.OrdinalIgnoreCase)))
                throw new BackupException("SourceUnknown", BackupErrorCategory.InvalidArgument, wanted, wanted, configuration.Name, string.Join(", ", kinds.Select(kind => kind.Name)));
        }

        var sources = new List<IResourceSource>();
        var users = new HashSet<string>();
        await foreach (var user in new DirectoryApi(client).UsersAsync(cancellationToken).ConfigureAwait(false))
        {
            users.Add(user.Id);
            if (options.Resources.Count > 0 && !Matches(options.Resources, user))
                continue;
            foreach (var (name, selection, create) in kinds)
            {
                var asked = options.Sources.Count == 0 || options.Sources.Contains(name, StringComparer.OrdinalIgnoreCase);
                var included = selection!.Include is not { Count: > 0 } include || Matches(include, user);
                if (asked && included && !Matches(selection.Exclude ?? [], user))
                    sources.Add(create(user));
            }
        }

        return sources.Count > 0 ? (sources, users)
            : throw new BackupException("NoResources", BackupErrorCategory.ObjectNotFound, configuration.Name, options.Resources.Count > 0 ? string.Join(", ", options.Resources) : configuration.Name);
    }

    private static bool Matches(IReadOnlyList<string> patterns, GraphUser user) =>
        patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, user.UserPrincipalName) || string.Equals(pattern, user.Id, StringComparison.OrdinalIgnoreCase));
}
