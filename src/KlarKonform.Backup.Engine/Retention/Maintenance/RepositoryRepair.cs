using KlarKonform.Backup.Engine.Retention.Audit;
using KlarKonform.Backup.Engine.Retention.Holds;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Trees;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Repairing;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Retention.Maintenance;

/// <summary>
/// Repairs a configuration's repository, step by step: the index, then packs, then snapshots. Each step begins from what is known, and
/// nothing becomes less readable.
/// </summary>
internal sealed class RepositoryRepair(BackupRepository session, TimeProvider time, IProgress<LockWatch>? watching = null)
{
    private const string Resources = "/" + SnapshotLayout.StateFolder + "/" + SnapshotLayout.ResourcesFolder;

    /// <summary>Repairs it, or says what would be done.</summary>
    /// <exception cref="BackupException">PackIdInvalid, RepositoryOfOtherTenant, or LockLost.</exception>
    public async Task<RepairResult> RunAsync(RepairOptions options, CancellationToken cancellationToken)
    {
        var asked = options
            .Packs.Select(text =>
                BlobId.TryParse(text, out var id)
                    ? id
                    : throw new BackupException(ErrorIds.PackIdInvalid, BackupErrorCategory.InvalidArgument, text, text)
            )
            .ToArray();
        await using var exclusive = await RepositoryLock.AcquireAsync(
            session.Repository,
            exclusive: true,
            time,
            cancellationToken,
            watching
        );
        return await LockLoss.GuardAsync(exclusive, session, token => RunAsync(exclusive, asked, options, token), cancellationToken);
    }

    private async Task<RepairResult> RunAsync(
        RepositoryLock exclusive,
        IReadOnlyList<BlobId> asked,
        RepairOptions options,
        CancellationToken cancellationToken
    )
    {
        var indexes = new IndexRepairer(session.Repository, exclusive, time);
        var index = await indexes.PlanAsync(cancellationToken);
        if (!options.PlanOnly && !index.IsClean)
        {
            // Verification results from before the index repair no longer count.
            await new FileLedger(session).WriteAsync(null, cancellationToken);
            await indexes.ExecuteAsync(index, cancellationToken);
        }

        var (missing, missingKeys) = await MissingAsync(options, cancellationToken);
        var packs = await RepairPacksAsync([.. asked.Union(index.Unreadable)], options, index, exclusive, cancellationToken);
        return new RepairResult
        {
            Configuration = session.Configuration.Name,
            Executed = !options.PlanOnly,
            Packs = index.Kept + index.Read.Count,
            PacksRead = index.Read.Count,
            DamagedIndexes = [.. index.DamagedIndexes.Select(id => id.ToString())],
            AbsentPacks = [.. index.Absent.Select(id => id.ToString())],
            UnreadablePacks = [.. index.Unreadable.Select(id => id.ToString())],
            PiecesSaved = packs?.Intact ?? 0,
            PiecesLost = packs?.Lost.Count ?? 0,
            MissingSnapshots = missing,
            MissingKeys = missingKeys,
            Snapshots =
                options.Snapshots && (index.IsClean || !options.PlanOnly)
                    ? await RepairSnapshotsAsync(options, exclusive, cancellationToken)
                    : [],
        };
    }

    // The admin who repairs has seen what is missing: it leaves the list and no longer holds anything up.
    private async Task<(IReadOnlyList<string> Snapshots, IReadOnlyList<string> Keys)> MissingAsync(
        RepairOptions options,
        CancellationToken cancellationToken
    )
    {
        await session.Repository.Index.LoadReadableAsync((_, _) => { }, cancellationToken);
        var roll = new Roll(session, time);
        var snapshots = await session.SnapshotsAsync(cancellationToken);
        RunManifest before;
        try
        {
            before = await roll.BeforeAsync(snapshots, cancellationToken);
        }
        catch (RepositoryException)
        {
            return ([], []); // The newest manifest is lost, and the list with it.
        }

        string[] missing = [.. (await roll.MissingAsync(snapshots, before, holds: null, cancellationToken)).Select(each => each.Id)];
        var keys = await roll.MissingKeysAsync(await roll.KeysAsync(cancellationToken), before, cancellationToken);
        if (!options.PlanOnly)
            await roll.AcceptAsync(missing.Concat(keys), cancellationToken);
        return (missing, keys);
    }

    private async Task<PackRepairPlan?> RepairPacksAsync(
        IReadOnlyCollection<BlobId> packs,
        RepairOptions options,
        IndexRepairPlan index,
        RepositoryLock exclusive,
        CancellationToken cancellationToken
    )
    {
        // Until the index is repaired, the contents of the packs are unknown.
        if (packs.Count == 0 || (options.PlanOnly && index.DamagedIndexes.Count > 0))
            return null;
        var repairer = new PackRepairer(session.Repository, exclusive, time);
        var plan = await repairer.PlanAsync(packs, cancellationToken);
        if (!options.PlanOnly)
            await repairer.ExecuteAsync(plan, cancellationToken);
        return plan;
    }

    private async Task<IReadOnlyList<RepairedSnapshot>> RepairSnapshotsAsync(
        RepairOptions options,
        RepositoryLock exclusive,
        CancellationToken cancellationToken
    )
    {
        await session.Repository.Index.LoadAsync(cancellationToken);
        var repairer = new SnapshotRepairer(session.Repository, exclusive);
        var snapshots = await session.SnapshotsAsync(cancellationToken);
        var repaired = new List<RepairedSnapshot>();
        var forgotten = new List<BlobId>();

        // A snapshot on hold stays, whatever it has lost; and as long as the holds are unknown, all snapshots stay.
        var holds = options.Forget
            ? ActiveHolds.Of(await new AuditLog(session, time).ReadAsync(cancellationToken), session.Configuration.Name)
            : null;
        var plans = await repairer.PlanAsync(snapshots.Where(each => !each.Snapshot.IsCheckpoint()), cancellationToken);
        if (!options.PlanOnly)
            await repairer.RecoverAsync(cancellationToken);
        foreach (var plan in plans)
        {
            var forget = holds?.MayCover(plan.Id, plan.Snapshot) == false;
            var copy = options.PlanOnly
                ? (BlobId?)null
                : await repairer.ExecuteAsync(
                    plan,
                    await StatesToDropAsync(plan, cancellationToken),
                    TagsOf(plan.Snapshot),
                    forget,
                    cancellationToken
                );
            if (forget)
                forgotten.AddRange(
                    plan.Snapshot.Original is { } original && BlobId.TryParse(original, out var first) ? [plan.Id, first] : [plan.Id]
                );
            repaired.Add(new RepairedSnapshot(plan.Id.ToString(), plan.Snapshot.Taken, plan.Lost, copy?.ToString()));
        }

        if (forgotten.Count > 0 && !options.PlanOnly)
            await new FileLedger(session).AddRemovedAsync(forgotten, cancellationToken);
        return repaired;
    }

    // A resource's state says that its items are stored. Where that is no longer true, the next backup reads the resource from the
    // beginning and fetches what is lost. Chats stay as they are, because no message is sent twice.
    private async Task<IReadOnlyCollection<string>> StatesToDropAsync(SnapshotRepairPlan plan, CancellationToken cancellationToken)
    {
        var reader = new RepositoryReader(session.Repository);
        try
        {
            if (await RunManifest.ReadAsync(reader, plan.Snapshot.Root, cancellationToken) is { } manifest)
            {
                return
                [
                    .. manifest
                        .Resources.Where(each => each.Kind != ResourceKinds.WhatsApp && plan.Lost.Any(lost => IsOf(lost, each)))
                        .Select(each => "/" + string.Join('/', SnapshotLayout.StatePath(each.Kind, each.Id))),
                ];
            }
        }
        catch (RepositoryException)
        {
            // The manifest itself is lost: then it is unknown whose items these are.
        }

        try
        {
            var states = await new TreeLookup(reader, plan.Snapshot.Root).FindAsync(SnapshotLayout.States, cancellationToken);
            return states is not { } tree
                ? []
                :
                [
                    .. (await reader.ReadTreeAsync(tree, cancellationToken))
                        .Where(node => !node.Name.StartsWith(ResourceKinds.WhatsApp + "-", StringComparison.Ordinal))
                        .Select(node => $"{Resources}/{node.Name}"),
                ];
        }
        catch (RepositoryException)
        {
            return []; // They are lost too: the copy does not have them.
        }
    }

    private static bool IsOf(string lost, ManifestResource resource)
    {
        string[] own =
        [
            "/" + string.Join('/', resource.Path),
            "/" + string.Join('/', SnapshotLayout.StatePath(resource.Kind, resource.Id)),
        ];
        return own.Any(path =>
            (lost.TrimEnd('/') + "/").StartsWith(path + "/", StringComparison.Ordinal)
            || (lost.EndsWith('/') && path.StartsWith(lost, StringComparison.Ordinal))
        );
    }

    // It was not verified, and it is not complete.
    private static IEnumerable<string> TagsOf(Snapshot snapshot) =>
        (snapshot.Tags ?? [])
            .Where(tag => !tag.StartsWith(SnapshotTags.Files, StringComparison.Ordinal) && tag != SnapshotRepairer.RepairedTag)
            .Select(tag => tag.StartsWith(SnapshotTags.Status, StringComparison.Ordinal) ? SnapshotTags.Status + "partial" : tag);
}
