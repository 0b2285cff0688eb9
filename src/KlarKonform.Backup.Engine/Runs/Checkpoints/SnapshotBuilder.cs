using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Trees;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs.Checkpoints;

/// <summary>Puts the resources' trees under one root and writes snapshots, always in the order packs → index → snapshot.</summary>
internal sealed class SnapshotBuilder
{
    private readonly RunContext _context;
    private readonly RepositoryLock _held;
    private readonly RepositoryWriter _writer;
    private readonly RepositoryReader _reader;
    private readonly SnapshotStart _start;
    private readonly WorkingTree _tree;
    private readonly TreeLookup? _old;

    // Resources whose final trees are in the root, and those with their current trees: of a thousand mailboxes, a checkpoint touches only
    // those that are being read.
    private readonly HashSet<ResourceBackup> _finished = [];
    private readonly HashSet<ResourceBackup> _present = [];
    private RunManifest? _before;
    private DateTimeOffset _lastTaken;

    /// <summary>Begins with the trees of the previous snapshot.</summary>
    /// <param name="context">The run.</param>
    /// <param name="held">The claim under which the snapshots are written.</param>
    /// <param name="writer">Writes trees and manifest.</param>
    /// <param name="reader">Reads the previous snapshot, and what the writer has not finished.</param>
    /// <param name="start">Where the snapshots begin.</param>
    public SnapshotBuilder(RunContext context, RepositoryLock held, RepositoryWriter writer, RepositoryReader reader, SnapshotStart start)
    {
        _context = context;
        _held = held;
        _writer = writer;
        _reader = reader;
        _start = start;
        _tree = new WorkingTree(reader, writer, PreviousRoot, context.Time);
        _old = PreviousRoot is { } root ? new TreeLookup(reader, root) : null;
        var taken = start.Previous?.Snapshot.Taken ?? DateTimeOffset.MinValue;
        _lastTaken = start.NotBefore is { } bound && bound > taken ? bound : taken;
    }

    /// <summary>What was found damaged, for the manifest.</summary>
    public IReadOnlyList<string> Damaged { get; set; } = [];

    /// <summary>The manifest that was saved last.</summary>
    public RunManifest Manifest { get; private set; } = new();

    public BlobId? PreviousRoot => _start.Previous?.Snapshot.Root;

    /// <summary>The previous snapshot's tree at a path, or null.</summary>
    public async Task<BlobId?> PreviousAsync(IReadOnlyList<string> path, CancellationToken cancellationToken) =>
        _old is null ? null : await _old.FindAsync(path, cancellationToken);

    /// <summary>The previous snapshot's manifest; empty if there is none, or one from another program.</summary>
    public async Task<RunManifest> PreviousManifestAsync(CancellationToken cancellationToken) =>
        _before ??= await RunManifest.ReadAsync(_reader, PreviousRoot, cancellationToken) ?? new RunManifest();

    /// <summary>
    /// Stores the current trees of all resources and makes them durable, for a run that continues. Returns the root. Must not be called
    /// concurrently.
    /// </summary>
    /// <param name="status">The run's current state.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<BlobId> SaveTreesAsync(BackupState status, CancellationToken cancellationToken)
    {
        await SetTreesAsync(cancellationToken);
        return await WriteAsync(await ComposeAsync(status, cancellationToken) with { Checkpoint = true }, cancellationToken);
    }

    /// <summary>
    /// Stores the trees of all resources and makes them durable, for a run that has ended. Returns the root. Must not be called
    /// concurrently.
    /// </summary>
    /// <param name="status">How it ended.</param>
    /// <param name="problems">What is wrong with the repository.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<BlobId> SaveFinalTreesAsync(BackupState status, IReadOnlyList<string> problems, CancellationToken cancellationToken)
    {
        await SetTreesAsync(cancellationToken);
        return await WriteAsync(await ComposeAsync(status, cancellationToken) with { Problems = problems }, cancellationToken);
    }

    /// <summary>Stores the trees with a manifest and makes them durable. Returns the root.</summary>
    public async Task<BlobId> WriteAsync(RunManifest manifest, CancellationToken cancellationToken)
    {
        var before = await PreviousManifestAsync(cancellationToken);
        manifest = manifest with
        {
            Damaged = manifest.Checkpoint ? before.Damaged : Damaged,
            Snapshots = before.Snapshots,
            Keys = before.Keys,
        };
        Manifest = manifest.Checkpoint || _start.Inventory is not { } there ? manifest : there.Into(manifest);
        var folder = await _tree.GetOrCreateAsync([SnapshotLayout.StateFolder], cancellationToken);
        folder.Set(await _tree.NewFileAsync(SnapshotLayout.ManifestFile, Manifest.ToBytes(), cancellationToken));
        var root = await _tree.SaveAsync(cancellationToken);
        await _writer.FlushAsync(cancellationToken);
        return root;
    }

    /// <summary>Puts a tree under a path of the snapshot in the making.</summary>
    public async Task SetAsync(IReadOnlyList<string> path, BlobId subtree, CancellationToken cancellationToken)
    {
        var parent = await _tree.GetOrCreateAsync(path.Take(path.Count - 1), cancellationToken);
        if (parent.Find(path[^1])?.Subtree != subtree)
            parent.Set(Node.NewDirectory(path[^1], subtree, _context.Time.GetUtcNow()));
    }

    /// <summary>Writes a checkpoint with a root that is durable, while the lock is held. The run continues.</summary>
    /// <exception cref="OperationCanceledException">The lock is lost, and there is no snapshot.</exception>
    public Task<BlobId> SaveCheckpointAsync(BlobId root, BackupState status, CancellationToken cancellationToken) =>
        SaveCheckpointAsync(root, status, summary: null, [], cancellationToken);

    /// <summary>Writes the checkpoint of a finished shard, which still has to be merged.</summary>
    /// <param name="root">The root.</param>
    /// <param name="status">How the shard ended.</param>
    /// <param name="summary">The summary for restic to show, or null.</param>
    /// <param name="marks">Additional tags of this snapshot.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="OperationCanceledException">The lock is lost, and there is no snapshot.</exception>
    public Task<BlobId> SaveCheckpointAsync(
        BlobId root,
        BackupState status,
        SnapshotSummary? summary,
        IReadOnlyList<string> marks,
        CancellationToken cancellationToken
    )
    {
        List<string> tags = [.. marks, .. _start.Inventory?.AuditEnds ?? [], SnapshotTags.Checkpoint];
        if (_start.Carried is { } carried)
            tags.Add(SnapshotTags.Written + carried.With(_writer.FilesStored));
        return SaveAsync(root, status, tags, summary, cancellationToken);
    }

    /// <summary>Writes the run's final snapshot with a root that is durable, while the lock is held.</summary>
    /// <param name="root">The root.</param>
    /// <param name="status">How the run ended.</param>
    /// <param name="files">Which packs and index files exist, if everything is verified; null for a snapshot with problems.</param>
    /// <param name="summary">The summary for restic to show, or null.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="OperationCanceledException">The lock is lost, and there is no snapshot.</exception>
    public Task<BlobId> PublishAsync(
        BlobId root,
        BackupState status,
        FileSetDigest? files,
        SnapshotSummary? summary,
        CancellationToken cancellationToken
    )
    {
        List<string> tags = [.. _start.Inventory?.AuditEnds ?? []];
        if (files is { } census)
            tags.Add(SnapshotTags.Files + census);
        return SaveAsync(root, status, tags, summary, cancellationToken);
    }

    private Task<BlobId> SaveAsync(
        BlobId root,
        BackupState status,
        IReadOnlyList<string> tags,
        SnapshotSummary? summary,
        CancellationToken cancellationToken
    )
    {
        var configuration = _context.Record.Configuration;
        return _held.SaveSnapshotAsync(
            new Snapshot
            {
                Time = NanoTime.From(NextTime()).ToString(),
                Parent = _start.Previous?.Id.ToString(),
                Tree = root.ToString(),
                Paths = ["/" + configuration.Name],
                Hostname = configuration.Tenant.Id,
                Username = Environment.UserName,
                Tags =
                [
                    SnapshotTags.Configuration + configuration.Id,
                    SnapshotTags.Run + _context.Record.Id,
                    SnapshotTags.Status + status.ToString().ToLowerInvariant(),
                    .. _start.Tags,
                    .. tags,
                ],
                ProgramVersion = ThisProgram.Name,
                Summary = summary,
            },
            cancellationToken
        );
    }

    private async Task<RunManifest> ComposeAsync(BackupState status, CancellationToken cancellationToken) =>
        ManifestComposer.Compose(_context, await PreviousManifestAsync(cancellationToken), status);

    private async Task SetTreesAsync(CancellationToken cancellationToken)
    {
        foreach (var run in _context.Record.Runs.Where(run => !_finished.Contains(run)).ToArray())
        {
            if (run.IsWithdrawn)
            {
                if (_present.Remove(run))
                    await RemoveAsync(run, cancellationToken);
                _finished.Add(run);
                continue;
            }

            var isEnd = run.IsClosed;
            if (await run.SaveTreesAsync(cancellationToken) is not var (content, state))
                continue;
            await SetAsync(run.Path, content, cancellationToken);
            await SetAsync(SnapshotLayout.StatePath(run.Source.Kind, run.Source.ResourceId), state, cancellationToken);
            (isEnd ? _finished : _present).Add(run);
        }
    }

    // A clock that was set back by moments must not make a snapshot older than what it continues. One that is dated in the future is not
    // followed there: a day of its own is what retention goes by, and what continues what is told by the parent.
    private DateTimeOffset NextTime()
    {
        var now = _context.Time.GetLocalNow();
        return _lastTaken = now > _lastTaken || _lastTaken - now > GraphTime.Tolerance ? now : _lastTaken.AddMilliseconds(1);
    }

    private async Task RemoveAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        foreach (var path in (IReadOnlyList<string>[])[run.Path, SnapshotLayout.StatePath(run.Source.Kind, run.Source.ResourceId)])
        {
            for (var depth = path.Count; depth > 0; depth--)
            {
                if (await _tree.FindAsync(path.Take(depth - 1), cancellationToken) is not { } parent)
                    break;
                parent.Remove(path[depth - 1]);
                if (parent.Count > 0)
                    break;
            }
        }
    }
}
