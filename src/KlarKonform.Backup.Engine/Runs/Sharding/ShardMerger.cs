using KlarKonform.Backup.Engine.Runs.Batches;
using KlarKonform.Backup.Engine.Runs.Checkpoints;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Runs.Verification;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Trees;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Runs.Sharding;

/// <summary>
/// Merges the shards' results into one snapshot, under the claim of the whole configuration: no worker writes meanwhile. It costs one link
/// per resource, whatever its size, a listing of the existing files, and the trees of shards that did not verify their own.
/// </summary>
internal sealed class ShardMerger(RunContext context, BackupRepository session, RepositoryLock held)
{
    /// <summary>
    /// Merges finished shards into the run's verified snapshot. The shards' own snapshots are removed once it is durable.
    /// </summary>
    /// <param name="round">The round that the shards belong to.</param>
    /// <param name="snapshots">The configuration's snapshots, oldest first.</param>
    /// <param name="listing">What the tenant has, to find out what no longer exists.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<BackupRun> MergeAsync(
        ShardRound round,
        IReadOnlyList<StoredSnapshot> snapshots,
        TenantInventory listing,
        CancellationToken cancellationToken
    )
    {
        var parts = Enumerable
            .Range(0, round.Count)
            .Select(index => round.Newest(new Shard(index, round.Count), snapshots)!.Value)
            .ToArray();
        await using var writer = ResourceBatch.NewWriter(session, held);
        var reader = new RepositoryReader(session.Repository, writer, session.TreeCache);
        var inventory = new Inventory(context, session);
        var all = await session.SnapshotsAsync(cancellationToken);
        var known = await RunManifest.ReadAsync(reader, round.Base?.Snapshot.Root, cancellationToken);
        await inventory.LookAsync(all, known ?? new RunManifest(), cancellationToken);
        var start = new SnapshotStart(round.Base)
        {
            Tags = [round.TagOfMerged],
            NotBefore = snapshots[^1].Snapshot.Taken,
            Inventory = inventory,
        };
        var builder = new SnapshotBuilder(context, held, writer, reader, start);
        var verified = new HashSet<BlobId>();
        var grafted = new List<GraftedPart>();
        var merged = await GraftAsync(parts, round.Base, builder, reader, verified, grafted, cancellationToken);
        var touched = merged.Resources.Where(each => each.Run == context.Record.Id).ToArray();
        if (touched.Length > 0 && touched.All(each => each.Status == BackupState.Failed) && context.Record.FirstError is { } first)
        {
            // As in a run by one process: nothing was backed up, so there is no new snapshot. The next run tries again.
            await DeleteAsync(snapshots.Where(each => ShardRound.IsShard(each.Snapshot)), cancellationToken);
            throw first;
        }

        await new DepartedResources(context, builder, reader).NoteAsync(listing, cancellationToken);
        var dropped = listing.Dropped(merged.Resources, session.Configuration);
        var status =
            context.Record.HasDoubts
            || dropped.Any(each => each.AcceptedReason is null)
            || merged.Mismatches.Count > 0
            || parts.Any(part => part.Snapshot.StatusOf() != BackupState.Succeeded)
                ? BackupState.Partial
                : BackupState.Succeeded;
        var summarizer = new SnapshotSummarizer(context, reader, writer, [.. snapshots.Where(each => !ShardRound.IsShard(each.Snapshot))])
        {
            Parts = grafted,
        };
        var (snapshot, final, verification) = await new SnapshotPublisher(context, session, builder, writer, summarizer, held).FinishAsync(
            (state, problems, stop) =>
                builder.WriteAsync(
                    merged with
                    {
                        Checkpoint = false,
                        Status = state,
                        Problems = problems,
                        Saved = context.Time.GetUtcNow(),
                    },
                    stop
                ),
            status,
            () => (touched.Sum(each => each.ItemsExpected ?? 0), touched.Sum(each => each.ItemsStored ?? 0), merged.Mismatches),
            [.. snapshots.Where(each => !ShardRound.IsShard(each.Snapshot))],
            new VerifiedElsewhere(WrittenFor(parts), verified),
            cancellationToken
        );
        await DeleteAsync(snapshots.Where(each => each.Snapshot.IsCheckpoint()), cancellationToken);
        return context.Record.ToRun(final) with
        {
            SnapshotId = snapshot.ToString(),
            Verification = verification,
            ResourcesTotal = merged.ResourcesTotal,
            ResourcesDone = merged.ResourcesDone,
            ItemsDownloaded = merged.ItemsDownloaded,
            ItemsUpdated = merged.ItemsUpdated,
            ItemsRemoved = merged.ItemsRemoved,
            BytesDownloaded = merged.BytesDownloaded,
            RetryList = [.. merged.Resources.SelectMany(each => each.RetryList), .. dropped],
            Resources = ResultsOf(touched, context.Record),
        };
    }

    /// <summary>Saves a checkpoint of what unfinished shards have, so that the next run, however divided, continues from there.</summary>
    public async Task SalvageAsync(CancellationToken cancellationToken)
    {
        var snapshots = await session.RecentAsync(cancellationToken);
        var shards = snapshots.Where(each => ShardRound.IsShard(each.Snapshot)).ToArray();
        if (shards.Length == 0)
            return;
        var parts = ShardRound.Continuing(snapshots);
        var last = snapshots.LastOrDefault(each => !ShardRound.IsShard(each.Snapshot));
        StoredSnapshot? before = last.Snapshot is null ? null : last;
        if (parts.Count > 0)
        {
            await using var writer = ResourceBatch.NewWriter(session, held);
            var reader = new RepositoryReader(session.Repository, writer, session.TreeCache);
            var start = new SnapshotStart(before) { NotBefore = snapshots[^1].Snapshot.Taken };
            var builder = new SnapshotBuilder(context, held, writer, reader, start);
            var merged = await GraftAsync(parts, before, builder, reader, [], [], cancellationToken);
            var root = await builder.WriteAsync(merged with { Checkpoint = true, Status = BackupState.Partial }, cancellationToken);
            await held.ThrowIfLostAsync();
            await builder.SaveCheckpointAsync(root, BackupState.Partial, cancellationToken);
        }

        // Those with another base snapshot are not continued by anything.
        await DeleteAsync(parts.Count > 0 ? snapshots.Where(each => each.Snapshot.IsCheckpoint()) : shards, cancellationToken);
    }

    /// <summary>What shards have done together, according to their manifests.</summary>
    /// <param name="before">The manifest of the snapshot that they continue.</param>
    /// <param name="parts">The manifests of the shards.</param>
    /// <param name="lost">Resources whose place is taken by another one: they are not taken over.</param>
    /// <param name="run">The run to name in a resource's entry if a shard read it to its end.</param>
    private static RunManifest Combine(
        RunManifest before,
        IReadOnlyList<RunManifest> parts,
        HashSet<(string Kind, string Id)> lost,
        Guid run
    )
    {
        var resources = before.Resources.ToDictionary(each => (each.Kind, each.Id));
        foreach (var each in parts.SelectMany(part => TouchedIn(part, before)).Where(each => !lost.Contains((each.Kind, each.Id))))
            resources[(each.Kind, each.Id)] = each.Status != BackupState.Running ? each with { Run = run } : each;
        return before with
        {
            ResourcesTotal = parts.Sum(part => part.ResourcesTotal),
            ResourcesDone = parts.Sum(part => part.ResourcesDone),
            ItemsDownloaded = parts.Sum(part => part.ItemsDownloaded),
            ItemsUpdated = parts.Sum(part => part.ItemsUpdated),
            ItemsRemoved = parts.Sum(part => part.ItemsRemoved),
            BytesDownloaded = parts.Sum(part => part.BytesDownloaded),
            Started = parts.Select(part => part.Started).DefaultIfEmpty(before.Started).Min(),
            Mismatches = [.. parts.SelectMany(part => part.Mismatches)],
            Problems = [],
            Resources =
            [
                .. resources.Values.OrderBy(each => each.Kind, StringComparer.Ordinal).ThenBy(each => each.Name, StringComparer.Ordinal),
            ],
        };
    }

    private static IEnumerable<ManifestResource> TouchedIn(RunManifest part, RunManifest before)
    {
        var untouched = before.Resources.ToDictionary(each => (each.Kind, each.Id), each => each.Run);
        return part.Resources.Where(each => !untouched.TryGetValue((each.Kind, each.Id), out var run) || run != each.Run);
    }

    // Null if one of them did not count.
    private static FileSetDigest? WrittenFor(IEnumerable<StoredSnapshot> parts) =>
        parts
            .Select(part => part.Snapshot.FilesWritten())
            .Aggregate((FileSetDigest?)default(FileSetDigest), (all, part) => all is { } sum && part is { } own ? sum.With(own) : null);

    private async Task<RunManifest> GraftAsync(
        IReadOnlyList<StoredSnapshot> parts,
        StoredSnapshot? before,
        SnapshotBuilder builder,
        RepositoryReader reader,
        HashSet<BlobId> verified,
        List<GraftedPart> grafted,
        CancellationToken cancellationToken
    )
    {
        var old = await RunManifest.ReadAsync(reader, before?.Snapshot.Root, cancellationToken) ?? new RunManifest();
        var manifests = new List<RunManifest>();
        var owners = new Dictionary<string, (string Kind, string Id)>(StringComparer.Ordinal);
        var lost = new HashSet<(string Kind, string Id)>();
        foreach (var (id, snapshot) in parts)
        {
            var manifest =
                await RunManifest.ReadAsync(reader, snapshot.Root, cancellationToken)
                ?? throw new RepositoryException(
                    RepositoryErrorKind.Damaged,
                    $"The snapshot {id.ToShortString()} of a shard has no manifest."
                );
            manifests.Add(manifest);
            var trees = new TreeLookup(reader, snapshot.Root);
            var (taken, lostBefore) = (new HashSet<BlobId>(), lost.Count);
            foreach (var resource in TouchedIn(manifest, old))
            {
                var place = string.Join('/', resource.Path);
                if (owners.TryGetValue(place, out var owner) && owner != (resource.Kind, resource.Id))
                {
                    // Two users of one name, new in this round, in different shards. The second keeps what the snapshot has of it, and is
                    // included in the next round.
                    context.Doubt(Texts.Get("PlaceTaken", resource.Kind, resource.Name, place));
                    lost.Add((resource.Kind, resource.Id));
                    continue;
                }

                owners[place] = (resource.Kind, resource.Id);
                foreach (
                    var path in (IReadOnlyList<string>[])
                        [
                            [.. resource.Path],
                            SnapshotLayout.StatePath(resource.Kind, resource.Id),
                        ]
                )
                {
                    if (await trees.FindAsync(path, cancellationToken) is not { } tree)
                        continue;
                    await builder.SetAsync(path, tree, cancellationToken);
                    taken.Add(tree);
                    if (ShardRound.IsVerified(snapshot))
                        verified.Add(tree);
                }
            }

            grafted.Add(new GraftedPart(snapshot.Root, snapshot.Summary, taken, IsWhole: lost.Count == lostBefore));
        }

        return Combine(old, manifests, lost, context.Record.Id) with
        {
            Program = ThisProgram.Name,
            Run = context.Record.Id,
            Configuration = session.Configuration.Id,
            ConfigurationName = session.Configuration.Name,
            Tenant = session.Configuration.Tenant.Id,
            Host = Environment.MachineName,
            Saved = context.Time.GetUtcNow(),
            Checkpoint = false,
        };
    }

    private async Task DeleteAsync(IEnumerable<StoredSnapshot> snapshots, CancellationToken cancellationToken)
    {
        foreach (var (id, _) in snapshots)
            await session.Repository.DeleteSnapshotAsync(id, cancellationToken);
    }

    // For the work of other workers there is only the manifest, which knows less than this worker's own record.
    private static IReadOnlyList<ResourceResult> ResultsOf(IEnumerable<ManifestResource> resources, RunProgress record)
    {
        var own = new Dictionary<(string Kind, string Name), ResourceResult>();
        foreach (var result in record.Results)
            own.TryAdd((result.Kind, result.Name), result);
        return
        [
            .. resources.Select(each =>
                own.GetValueOrDefault((each.Kind, each.Name))
                ?? new ResourceResult
                {
                    Kind = each.Kind,
                    Name = each.Name,
                    Status = each.Status,
                    ItemsExpected = each.ItemsExpected,
                    ItemsStored = each.ItemsStored,
                    Failures = each.RetryList.Count,
                }
            ),
        ];
    }
}
