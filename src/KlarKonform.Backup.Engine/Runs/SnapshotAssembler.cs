using System.Text.Json;
using KlarKonform.Backup.Engine.Trees;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs;

/// <summary>Puts the resources' trees under one root and writes snapshots, always in the order packs → index → snapshot.</summary>
internal sealed class SnapshotAssembler
{
    /// <summary>The folder of our own state at the snapshot's root.</summary>
    public const string StateFolder = ".klarkonform";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    private readonly RepositorySession _session;
    private readonly RepositoryWriter _writer;
    private readonly RepositoryReader _reader;
    private readonly TimeProvider _time;
    private readonly (BlobId Id, Snapshot Snapshot)? _previous;
    private readonly Guid _run;

    public SnapshotAssembler(RepositorySession session, RepositoryWriter writer, RepositoryReader reader, TimeProvider time, (BlobId, Snapshot)? previous, Guid run)
    {
        _session = session;
        _writer = writer;
        _reader = reader;
        _time = time;
        _previous = previous;
        _run = run;
    }

    public BlobId? PreviousRoot => _previous?.Snapshot.Root;

    /// <summary>What a snapshot says of the packs and index files that there were when it was verified, or null: a checkpoint never was.</summary>
    public static FileCensus? FilesOf(Snapshot snapshot) => snapshot.Tags?.FirstOrDefault(tag => tag.StartsWith(RepositorySession.FilesTag, StringComparison.Ordinal)) is { } tag
        && FileCensus.TryParse(tag[RepositorySession.FilesTag.Length..], out var files) ? files : null;

    /// <summary>The path of a resource's state in the snapshot.</summary>
    public static string[] StatePath(string kind, string id) => [StateFolder, "resources", $"{kind}-{id}"];

    /// <summary>The previous snapshot's tree at a path, or null.</summary>
    public async Task<BlobId?> PreviousAsync(IReadOnlyList<string> path, CancellationToken cancellationToken)
    {
        var current = PreviousRoot;
        foreach (var name in path)
        {
            if (current is not { } tree)
                return null;
            current = (await _reader.ReadTreeAsync(tree, cancellationToken).ConfigureAwait(false)).FirstOrDefault(node => node.Name == name)?.Subtree;
        }

        return current;
    }

    /// <summary>Stores all resources' trees as they are now and makes them durable. Returns the root.</summary>
    public async Task<BlobId> SaveTreesAsync(IEnumerable<ResourceRun> resources, object manifest, CancellationToken cancellationToken)
    {
        var tree = new WorkingTree(_reader, _writer, PreviousRoot, _time);
        foreach (var resource in resources.Where(resource => !resource.Store.IsBroken))
        {
            var (content, state) = await resource.Store.SaveAsync(cancellationToken).ConfigureAwait(false);
            await SetAsync(tree, resource.Store.State.Path, content, cancellationToken).ConfigureAwait(false);
            await SetAsync(tree, StatePath(resource.Source.Kind, resource.Source.ResourceId), state, cancellationToken).ConfigureAwait(false);
        }

        var folder = await tree.GetOrCreateAsync([StateFolder], cancellationToken).ConfigureAwait(false);
        folder.Set(await tree.NewFileAsync("manifest.json", JsonSerializer.SerializeToUtf8Bytes(manifest, s_json), cancellationToken).ConfigureAwait(false));
        var root = await tree.SaveAsync(cancellationToken).ConfigureAwait(false);
        await _writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        return root;
    }

    /// <summary>Writes the snapshot of a root that is durable.</summary>
    /// <param name="root">The root.</param>
    /// <param name="status">How the run ended.</param>
    /// <param name="files">Which packs and index files there are, when everything is verified; null makes a checkpoint, or a snapshot that is not sound.</param>
    /// <param name="checkpoint">Whether the run goes on.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<BlobId> SaveSnapshotAsync(BlobId root, BackupState status, FileCensus? files, bool checkpoint, CancellationToken cancellationToken)
    {
        var configuration = _session.Configuration;
        List<string> tags =
        [
            RepositorySession.ConfigurationTag + configuration.Id,
            RepositorySession.RunTag + _run,
            RepositorySession.StatusTag + status.ToString().ToLowerInvariant(),
        ];
        if (files is { } census)
            tags.Add(RepositorySession.FilesTag + census);
        if (checkpoint)
            tags.Add(RepositorySession.CheckpointTag);
        return _session.Repository.SaveSnapshotAsync(new Snapshot
        {
            Time = NanoTime.From(_time.GetLocalNow()).ToString(),
            Parent = _previous?.Id.ToString(),
            Tree = root.ToString(),
            Paths = ["/" + configuration.Name],
            Hostname = configuration.Tenant.Id,
            Username = Environment.UserName,
            Tags = tags,
            ProgramVersion = "KlarKonform Backup",
        }, cancellationToken);
    }

    private async Task SetAsync(WorkingTree tree, IReadOnlyList<string> path, BlobId subtree, CancellationToken cancellationToken)
    {
        var parent = await tree.GetOrCreateAsync(path.Take(path.Count - 1), cancellationToken).ConfigureAwait(false);
        if (parent.Find(path[^1])?.Subtree != subtree)
            parent.Set(Node.NewDirectory(path[^1], subtree, _time.GetUtcNow()));
    }
}
