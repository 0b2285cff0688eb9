using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Restore;

/// <summary>
/// Checks, before a restore begins, whether the bucket's packs can be read at once. Lifecycle rules move them into storage classes that
/// must first be restored at the provider, which takes hours. Packs are named by hashes, so the first page of their listing is a random
/// sample of all.
/// </summary>
internal static class ColdStorage
{
    // One page of a listing: one request. A class that one pack in a hundred belongs to is missed once in twenty thousand times.
    private const int Sample = 1000;

    // Only the object itself says whether a restored copy exists for a time, or whether an intelligent tier has archived it.
    private const int Asked = 5;

    /// <summary>Tells the observer if packs in the sample are archived.</summary>
    /// <param name="session">The repository.</param>
    /// <param name="observer">Receives the warning.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async Task WarnAsync(BackupRepository session, IBackupObserver observer, CancellationToken cancellationToken)
    {
        if (session.Configuration.Target.Type != TargetType.S3)
            return;
        var (seen, cold) = (0, new List<StoredObject>());
        var tiered = new List<StoredObject>();
        var packs = session.Store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), cancellationToken);
        await foreach (var pack in packs)
        {
            seen++;
            if (pack.IsArchived)
                cold.Add(pack);
            else if (pack.StorageClass is not (null or "STANDARD"))
                tiered.Add(pack);
            if (seen == Sample)
                break;
        }

        var asked = await AskAsync(session.Store, cold.Count > 0 ? cold : tiered, cancellationToken);
        if (asked.Find(pack => pack.IsArchived) is not { } first)
            return;
        var share = asked.Count(pack => pack.IsArchived) / (double)asked.Count;
        var unreadable = (int)Math.Ceiling((cold.Count > 0 ? cold.Count : tiered.Count) * share);
        observer.Warning(Texts.Get("RestoreArchived", unreadable, seen, first.StorageClass ?? "?"));
    }

    private static async Task<List<StoredObject>> AskAsync(
        IObjectStore store,
        List<StoredObject> packs,
        CancellationToken cancellationToken
    )
    {
        var asked = new List<StoredObject>();
        foreach (var pack in packs.Take(Asked))
        {
            if (await store.StatAsync(pack.Key, cancellationToken) is { } known)
                asked.Add(known);
        }

        return asked;
    }
}
