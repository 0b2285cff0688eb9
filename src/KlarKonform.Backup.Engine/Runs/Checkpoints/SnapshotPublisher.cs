using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Runs.Verification;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Writing;

namespace KlarKonform.Backup.Engine.Runs.Checkpoints;

/// <summary>
/// Creates a run's final snapshot: its trees are stored, the repository is verified, and only then is the snapshot written.
/// </summary>
internal sealed class SnapshotPublisher(
    RunContext context,
    BackupRepository session,
    SnapshotBuilder builder,
    RepositoryWriter writer,
    SnapshotSummarizer summarizer,
    RepositoryLock held
)
{
    // At most this many are checked again; with more, a walk over everything finds them anyway.
    private const int MaxDamaged = 256;

    /// <summary>Verifies what is stored and saves the snapshot.</summary>
    /// <param name="save">Stores the trees with a manifest of this state and these problems; returns the root.</param>
    /// <param name="status">The state of the run before the verification.</param>
    /// <param name="counts">Items at the sources, items stored, and items about which both disagree; called after the trees are
    /// stored.</param>
    /// <param name="snapshots">The earlier snapshots.</param>
    /// <param name="others">What other workers of the run have verified.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<(BlobId Snapshot, BackupState Status, RunVerification Verification)> FinishAsync(
        Func<BackupState, IReadOnlyList<string>, CancellationToken, Task<BlobId>> save,
        BackupState status,
        Func<(long Expected, long Stored, IReadOnlyList<ItemMismatch> Mismatches)> counts,
        IReadOnlyList<StoredSnapshot> snapshots,
        VerifiedElsewhere others,
        CancellationToken cancellationToken
    )
    {
        context.Monitor.Phase = Texts.Get("Progress_Saving");
        var root = await save(status, [], cancellationToken);
        context.Monitor.Phase = Texts.Get("Progress_Verifying");
        var verified = snapshots.Select(each => each.Snapshot).LastOrDefault(each => each.FilesVerified() is not null);
        var storage = await new RunVerifier(session, writer.PacksStored, context.Random).VerifyAsync(
            root,
            verified?.Root,
            await FilesBeforeAsync(verified, others, cancellationToken),
            others,
            (await builder.PreviousManifestAsync(cancellationToken)).Damaged,
            cancellationToken
        );
        var (expected, stored, mismatches) = counts();
        var verification = new RunVerification
        {
            ItemsExpected = expected,
            ItemsStored = stored,
            Mismatches = mismatches,
            PacksChecked = storage.PacksChecked,
            SampleSize = storage.SampleSize,
            SampleFailures = storage.SampleFailures,
            Problems = [.. storage.Problems.Select(problem => Texts.Get("RepositoryProblem", problem.Kind, problem.Name, problem.Detail))],
        };
        if (verification.Problems.Count > 0)
        {
            status = BackupState.Partial;
            builder.Damaged =
            [
                .. storage
                    .Problems.Where(problem => problem.Kind == CheckProblemKind.DamagedPack)
                    .Select(problem => problem.Name)
                    .Take(MaxDamaged),
            ];
            foreach (var problem in verification.Problems)
                context.Note(Texts.Get("VerificationFailed", problem));
            root = await save(status, verification.Problems, cancellationToken);
        }

        if (verification.Mismatches.Count > 0)
            context.Note(Texts.Get("ItemsDiffer", verification.Mismatches.Count));
        Log(verification);
        var summary = await summarizer.SummarizeAsync(root, builder.Manifest.Started, cancellationToken);
        await held.ThrowIfLostAsync();
        cancellationToken.ThrowIfCancellationRequested();

        // Once begun, it is written to its end: otherwise a checkpoint of the same would follow a snapshot that no one knows of.
        FileSetDigest? sound = verification.Problems.Count == 0 ? storage.Files : null;
        var snapshot = await builder.PublishAsync(root, status, sound, summary, context.Abandon);
        var ledger = new FileLedger(session);
        await ledger.WriteAsync(sound, context.Abandon);
        await ledger.SetNewestAsync(new KnownSnapshot(snapshot.ToString(), context.Time.GetUtcNow()), context.Abandon);
        return (snapshot, status, verification);
    }

    // The files when everything was sound, before other workers wrote their part: according to the last verified snapshot, or to this
    // machine.
    private async Task<IReadOnlyCollection<FileSetDigest>> FilesBeforeAsync(
        Snapshot? verified,
        VerifiedElsewhere others,
        CancellationToken cancellationToken
    )
    {
        if (others.Files is not { } written)
            return [];
        FileSetDigest?[] known =
        [
            verified is null ? null : verified.FilesVerified(),
            await new FileLedger(session).ReadAsync(cancellationToken),
        ];
        return [.. known.OfType<FileSetDigest>().Select(files => files.With(written))];
    }

    private void Log(RunVerification verification)
    {
        var what = verification.IsClean ? RunEvent.VerificationClean : RunEvent.VerificationFailed;
        context.Events.Write(
            what,
            Texts.Get("Event_" + what, verification.ItemsStored, verification.ItemsExpected),
            new
            {
                expected = verification.ItemsExpected,
                stored = verification.ItemsStored,
                packs = verification.PacksChecked,
                sample = verification.SampleSize,
                sampleFailures = verification.SampleFailures,
                problems = verification.Problems,
                mismatches = verification.Mismatches.Select(each => new
                {
                    kind = each.Kind,
                    resource = each.Resource,
                    item = each.ItemId,
                    missing = each.IsMissing,
                }),
            }
        );
    }
}
