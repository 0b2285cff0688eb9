using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>Stands for resources that could not be listed: the run reports why, and does everything else.</summary>
internal sealed class FailedListing(string kind, GraphException reason) : IResourceSource
{
    public string Kind => kind;

    public string ResourceId => "unlisted";

    public string Name => kind;

    public IReadOnlyList<string> Path => [kind, "unlisted"];

    public Task RunAsync(ResourceBackup run, CancellationToken cancellationToken) => Task.FromException(reason);

    public Task ProbeAsync(CancellationToken cancellationToken) => Task.FromException(reason);
}
