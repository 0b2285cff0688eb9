using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Checking;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;

namespace KlarKonform.Backup.Engine.Retention.Maintenance;

/// <summary>Proves that a configuration's repository holds what its snapshots promise.</summary>
internal sealed class IntegrityTester(BackupRepository session, IBackupObserver observer, TimeProvider time, Random random)
{
    public async Task<IntegrityReport> RunAsync(IntegrityOptions options, CancellationToken cancellationToken)
    {
        var share =
            !options.ReadData ? CheckSample.None
            : options.Share is null ? CheckSample.All
            : CheckSample.TryParse(options.Share)
                ?? throw new BackupException(ErrorIds.ShareInvalid, BackupErrorCategory.InvalidArgument, options.Share, options.Share);
        var repository = session.Repository;
        await using var held = await RepositoryLock.AcquireAsync(
            repository,
            exclusive: false,
            time,
            cancellationToken,
            LockWatching.On(observer)
        );
        var snapshots = await session.SnapshotsAsync(cancellationToken);
        var checker = new RepositoryChecker(repository);
        var problems = new List<CheckProblem>(await checker.CheckKeysAsync(cancellationToken));
        await repository.Index.LoadReadableAsync(
            (id, exception) =>
                problems.Add(
                    new CheckProblem(CheckProblemKind.DamagedIndex, RepositoryLayout.Key(RepositoryFile.Index, id), exception.Message)
                ),
            cancellationToken
        );
        problems.AddRange(
            session.Unreadable.Select(id => new CheckProblem(
                CheckProblemKind.DamagedSnapshot,
                RepositoryLayout.Key(RepositoryFile.Snapshot, id),
                "the file cannot be read, or does not match its name"
            ))
        );
        problems.AddRange(await checker.CheckPacksAsync(cancellationToken));
        problems.AddRange(
            await checker.CheckTreesAsync(snapshots.Select(each => each.Snapshot.Root), new HashSet<BlobId>(), cancellationToken)
        );
        var packs = repository.Index.Blobs.PackSizes();
        var chosen = share.Select(packs, random);
        var read = new ReadProgress(observer);
        problems.AddRange(await checker.CheckDataAsync(chosen, read, cancellationToken));
        return new IntegrityReport
        {
            Configuration = session.Configuration.Name,
            Passed = problems.Count == 0,
            Snapshots = snapshots.Count,
            Packs = packs.Count,
            PacksRead = chosen.Count,
            BytesRead = read.Bytes,
            Problems = [.. problems.Select(problem => Texts.Get("RepositoryProblem", problem.Kind, problem.Name, problem.Detail))],
        };
    }

    private sealed class ReadProgress(IBackupObserver observer) : IProgress<long>
    {
        private long _bytes;

        public long Bytes => Interlocked.Read(ref _bytes);

        public void Report(long value) =>
            observer.Progress(
                new BackupProgress(null, Texts.Get("Progress_Reading", Interlocked.Add(ref _bytes, value) >> 20), -1, Completed: false)
            );
    }
}
