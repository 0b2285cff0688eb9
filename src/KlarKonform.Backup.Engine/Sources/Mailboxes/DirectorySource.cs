using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Mailboxes;

/// <summary>The tenant's address book.</summary>
internal sealed class DirectorySource(GraphClient client, string tenant, DirectorySettings settings, Random random) : IResourceSource
{
    private readonly DirectoryApi _directory = new(client);

    public string Kind => ResourceKinds.Directory;

    public string ResourceId => tenant;

    public string Name => tenant;

    public IReadOnlyList<string> Path => SnapshotLayout.ContentPath(Kind, Name);

    public Task RunAsync(ResourceBackup run, CancellationToken cancellationToken) =>
        new FolderReader(new DirectoryItems(_directory, settings, random, run), run).RunAsync(cancellationToken);

    public Task ProbeAsync(CancellationToken cancellationToken) => _directory.ProbeAsync(cancellationToken);
}
