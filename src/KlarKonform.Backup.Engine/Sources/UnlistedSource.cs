using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Graph;

namespace KlarKonform.Backup.Engine.Sources;

/// <summary>Stands for resources that could not be listed: the run reports why, and does everything else.</summary>
internal sealed class UnlistedSource(string kind, GraphException reason) : IResourceSource
{
    public string Kind => kind;

    public string ResourceId => "unlisted";

    public string Name => kind;

    public IReadOnlyList<string> Path => [kind, "unlisted"];

    public Task RunAsync(ResourceRun run, CancellationToken cancellationToken) => Task.FromException(reason);

    public Task ProbeAsync(CancellationToken cancellationToken) => Task.FromException(reason);
}
