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
    private readonly BackupRepository _session;
    private readonly RepositoryLock _held;
    private readonly RepositoryWriter _writer;
    private readonly RepositoryReader _reader;
    private readonly TimeProvider _time;
    private readonly StoredSnapshot? _previous;
    private readonly Guid _run;
    private readonly IReadOnlyList<string> _tags;
    private readonly WorkingTree _tree;
    private readonly TreeLookup? _old;

    // Resources whose final trees are in the root, and those with their current trees: of a thousand mailboxes, a checkpoint touches only
    // those that are being read.
    private readonly HashSet<ResourceBackup> _finished = [];
    private readonly HashSet<ResourceBackup> _present = [];
    private RunManifest? _before;
    private DateTimeOffset _lastTaken;

    public SnapshotBuilder(
        BackupRepository session,
        RepositoryLock held,
        RepositoryWriter writer,
        RepositoryReader reader,
        TimeProvider time,
        StoredSnapshot? previous,
        Guid run,
        IReadOnlyList<string> tags
    )
    {
        _session = session;
        _held = held;
        _writer = writer;
        _reader = reader;
        _time = time;
        _previous = previous;
        _run = run;
        _tags = tags;
        _tree = new WorkingTree(reader, writer, PreviousRoot, time);
        _old = PreviousRoot is { } root ? new TreeLookup(reader, root) : null;
        _lastTaken = previous?.Snapshot.Taken ?? DateTimeOffset.MinValue;
    }

    /// <summary>A snapshot that this one must be younger than, however the clocks of their machines differ.</summary>
    public DateTimeOffset NotBefore
    {
        init => _lastTaken = value > _lastTaken ? value : _lastTaken;
    }

    /// <summary>
    /// Which packs and index files were written for the snapshot being continued, the starting count of every checkpoint; null if they were
    /// not counted.
    /// </summary>
    public FileSetDigest? Carried { get; init; }

    /// <summary>What else is in the repository, for manifest and tags; null where a checkpoint of a shard has no need to say.</summary>
    public Verification.Inventory? Inventory { get; init; }

    /// <summary>What was found damaged, for the manifest.</summary>
    public IReadOnlyList<string> Damaged { get; set; } = [];

    /// <summary>The manifest that was saved last.</summary>
    public RunManifest Manifest { get; private set; } = new();

    public BlobId? PreviousRoot => _previous?.Snapshot.Root;

    /// <summary>The previous snapshot's tree at a path, or null.</summary>
    public async Task<BlobId?> PreviousAsync(IReadOnlyList<string> path, CancellationToken cancellationToken) =>
        _old is null ? null : await _old.FindAsync(path, cancellationToken);

    /// <summary>The previous snapshot's manifest; empty if there is none, or one from another program.</summary>
    public async Task<RunManifest> PreviousManifestAsync(CancellationToken cancellationToken) =>
        _before ??= await RunManifest.ReadAsync(_reader, PreviousRoot, cancellationToken) ?? new RunManifest();

    /// <summary>
    /// Stores the current trees of all resources and makes them durable. Returns the root. Must not be called concurrently.
    /// </summary>
    /// <param name="record">The run.</param>
    /// <param name="status">Its current state.</param>
    /// <param name="checkpoint">Whether the run continues.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="problems">What is wrong with the repository.</param>
    public async Task<BlobId> SaveTreesAsync(
        RunProgress record,
        BackupState status,
        bool checkpoint,
        CancellationToken cancellationToken,
        IReadOnlyList<string>? problems = null
    )
    {
        foreach (var run in record.Runs.Where(run => !_finished.Contains(run)).ToArray())
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

        return await WriteAsync(await ManifestAsync(record, status, checkpoint, problems ?? [], cancellationToken), cancellationToken);
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
        Manifest = manifest.Checkpoint || Inventory is not { } there ? manifest : there.Into(manifest);
        var folder = await _tree.GetOrCreateAsync([SnapshotLayout.StateFolder], cancellationToken);
        folder.Set(await _tree.NewFileAsync(SnapshotLayout.ManifestFile, Manifest.ToBytes(), cancellationToken));
        var root = await _tree.SaveAsync(cancellationToken);
        await _writer.FlushAsync(cancellationToken);
        return root;
    }

    /// <summary>Writes the snapshot of a root that is durable, while the lock is held.</summary>
    /// <param name="root">The root.</param>
    /// <param name="status">How the run ended.</param>
    /// <param name="files">Which packs and index files exist, if everything is verified; null for a checkpoint, or for a snapshot with
    /// problems.</param>
    /// <param name="checkpoint">Whether the run continues.</param>
    /// <param name="summary">The summary for restic to show, or null.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="tags">Additional tags of this snapshot.</param>
    /// <exception cref="OperationCanceledException">The lock is lost, and there is no snapshot.</exception>
    public Task<BlobId> SaveSnapshotAsync(
        BlobId root,
        BackupState status,
        FileSetDigest? files,
        bool checkpoint,
        SnapshotSummary? summary,
        CancellationToken cancellationToken,
        params IReadOnlyList<string> tags
    )
    {
        var configuration = _session.Configuration;
        List<string> all =
        [
            SnapshotTags.Configuration + configuration.Id,
            SnapshotTags.Run + _run,
            SnapshotTags.Status + status.ToString().ToLowerInvariant(),
            .. _tags,
            .. tags,
            .. Inventory?.AuditEnds ?? [],
        ];
        if (files is { } census)
            all.Add(SnapshotTags.Files + census);
        if (checkpoint)
            all.Add(SnapshotTags.Checkpoint);
        if (checkpoint && Carried is { } carried)
            all.Add(SnapshotTags.Written + carried.With(_writer.FilesStored));
        return _held.SaveSnapshotAsync(
            new Snapshot
            {
                Time = NanoTime.From(NextTime()).ToString(),
                Parent = _previous?.Id.ToString(),
                Tree = root.ToString(),
                Paths = ["/" + configuration.Name],
                Hostname = configuration.Tenant.Id,
                Username = Environment.UserName,
                Tags = all,
                ProgramVersion = ThisProgram.Name,
                Summary = summary,
            },
            cancellationToken
        );
    }

    // A clock that was set back by moments must not make a snapshot older than what it continues. One that is dated in the future is not
    // followed there: a day of its own is what retention goes by, and what continues what is told by the parent.
    private DateTimeOffset NextTime()
    {
        var now = _time.GetLocalNow();
        return _lastTaken = now > _lastTaken || _lastTaken - now > GraphTime.Tolerance ? now : _lastTaken.AddMilliseconds(1);
    }

    private async Task<RunManifest> ManifestAsync(
        RunProgress record,
        BackupState status,
        bool checkpoint,
        IReadOnlyList<string> problems,
        CancellationToken cancellationToken
    )
    {
        var now = record.ToRun(status);
        var resources = (await PreviousManifestAsync(cancellationToken)).Resources.ToDictionary(each => (each.Kind, each.Id));
        foreach (var run in record.Runs)
        {
            var key = (run.Source.Kind, run.Source.ResourceId);
            if (run.IsWithdrawn)
                resources.Remove(key);
            else
                resources[key] = Describe(run, record, resources.GetValueOrDefault(key));
        }

        return new RunManifest
        {
            Program = ThisProgram.Name,
            Run = record.Id,
            Configuration = record.Configuration.Id,
            ConfigurationName = record.Configuration.Name,
            Tenant = record.Configuration.Tenant.Id,
            Host = Environment.MachineName,
            Started = record.Started,
            Saved = _time.GetUtcNow(),
            Checkpoint = checkpoint,
            Status = status,
            ResourcesTotal = now.ResourcesTotal,
            ResourcesDone = now.ResourcesDone,
            ItemsDownloaded = now.ItemsDownloaded,
            ItemsUpdated = now.ItemsUpdated,
            ItemsRemoved = now.ItemsRemoved,
            BytesDownloaded = now.BytesDownloaded,
            Mismatches = record.Mismatches,
            Problems = problems,
            Resources =
            [
                .. resources.Values.OrderBy(each => each.Kind, StringComparer.Ordinal).ThenBy(each => each.Name, StringComparer.Ordinal),
            ],
        };
    }

    private static ManifestResource Describe(ResourceBackup run, RunProgress record, ManifestResource? before)
    {
        var result = record.ResultOf(run);
        var done = result is not null && result.Status != BackupState.Failed;
        return new ManifestResource
        {
            Kind = run.Source.Kind,
            Id = run.Source.ResourceId,
            Name = run.Source.Name,
            Path = run.Path,
            Drive = (run.Source as Sources.Drives.OneDriveSource)?.Drive ?? before?.Drive,
            Status = result?.Status ?? BackupState.Running,
            Run = record.Id,
            Completed = done ? run.Ended : before?.Completed,
            ItemsExpected = done ? run.ItemsExpected : before?.ItemsExpected,
            ItemsStored = done ? run.ItemsStored : before?.ItemsStored,
            RetryList = run.IsClosed ? run.RetryList : before?.RetryList ?? [],
        };
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

    /// <summary>Puts a tree under a path of the snapshot in the making.</summary>
    public async Task SetAsync(IReadOnlyList<string> path, BlobId subtree, CancellationToken cancellationToken)
    {
        var parent = await _tree.GetOrCreateAsync(path.Take(path.Count - 1), cancellationToken);
        if (parent.Find(path[^1])?.Subtree != subtree)
            parent.Set(Node.NewDirectory(path[^1], subtree, _time.GetUtcNow()));
    }
}
