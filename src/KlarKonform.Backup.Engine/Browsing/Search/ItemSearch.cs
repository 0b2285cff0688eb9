using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Snapshots;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Browsing.Search;

/// <summary>
/// Searches snapshots, newest first. A folder that is the same in many snapshots is examined once. What the local index does not have is
/// read from the repository and added.
/// </summary>
internal sealed class ItemSearch(BackupRepository session, string cache, IBackupObserver observer)
{
    private const int ReadsAtOnce = 16;
    private const int FoldersAtOnce = 512;

    /// <summary>Runs a query.</summary>
    public async IAsyncEnumerable<BackupItem> RunAsync(ItemQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var snapshots = query.SnapshotId is { } id
            ? [await session.FindSnapshotAsync(id, cancellationToken)]
            : await CompleteAsync(cancellationToken);
        var index = await SearchIndex.OpenAsync(session.Repository, cache, cancellationToken);
        var walk = new Walk(
            index,
            new ItemMatcher(query),
            new RepositoryReader(session.Repository, treeCache: session.TreeCache),
            session.Repository,
            observer
        );
        var done = 0;
        try
        {
            foreach (var (snapshot, data) in snapshots.Reverse())
            {
                await foreach (var (item, path) in walk.SearchAsync(data.Root, cancellationToken))
                    yield return item.ToItem(session.Configuration.Name, snapshot.ToString(), data.Taken, path);
                observer.Progress(
                    new BackupProgress(
                        null,
                        Texts.Get("Progress_Searching", ++done, snapshots.Count),
                        100 * done / snapshots.Count,
                        Completed: false
                    )
                );
            }
        }
        finally
        {
            index.Save(
                query.SnapshotId is null && query.Sources.Count == 0 && query.Resource is null && done == snapshots.Count
                    ? walk.Trees
                    : null
            );
        }
    }

    private async Task<IReadOnlyList<StoredSnapshot>> CompleteAsync(CancellationToken cancellationToken)
    {
        var all = await session.SnapshotsAsync(cancellationToken);
        var complete = all.Where(each => !each.Snapshot.IsCheckpoint()).ToArray();
        return complete.Length > 0 ? complete : all;
    }

    private sealed class Walk(
        SearchIndex index,
        ItemMatcher matcher,
        RepositoryReader reader,
        ResticRepository repository,
        IBackupObserver observer
    )
    {
        private readonly HashSet<(BlobId Tree, string Path)> _seen = [];
        private readonly HashSet<(string Path, BlobId? Content, long Size, DateTimeOffset? Deleted)> _found = [];

        // Damaged folders are not kept in the index: they may be repaired.
        private readonly Dictionary<
            BlobId,
            (IReadOnlyList<ItemSummary> Rows, IReadOnlyList<(string Name, string Reason)> Faults)
        > _damaged = [];
        private bool _opened;

        /// <summary>Every tree that was examined.</summary>
        public HashSet<BlobId> Trees { get; } = [];

        public async IAsyncEnumerable<(ItemSummary Item, string Path)> SearchAsync(
            BlobId root,
            [EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            var open = new Stack<Place>([new Place(root, "", [], false)]);
            while (open.Count > 0)
            {
                var places = new List<Place>();
                while (places.Count < FoldersAtOnce && open.TryPop(out var next))
                {
                    if (_seen.Add((next.Tree, next.Path)))
                        places.Add(next);
                }

                await LoadAsync(places, cancellationToken);
                foreach (var place in places)
                {
                    Trees.Add(place.Tree);
                    foreach (var row in RowsOf(place))
                    {
                        var path = $"{place.Path}/{row.Name}";
                        if (place.Parts.Count == 0 && row.Name == SnapshotLayout.StateFolder)
                            continue;
                        var isDeleted =
                            place.IsDeleted
                            || (row.Subtree is not null && row.Name == DeletedItems.Folder && row.Id is null && place.Parts.Count > 0);
                        if (row.Subtree is { } subtree)
                        {
                            IReadOnlyList<string> parts = [.. place.Parts, row.Name];
                            if (matcher.MayHold(parts))
                                open.Push(new Place(subtree, path, parts, isDeleted));
                        }

                        if (
                            matcher.Matches(row, place.Parts, isDeleted)
                            && _found.Add((path, row.Content ?? row.Subtree, row.Size, row.Deleted))
                        )
                            yield return (row, path);
                    }
                }
            }
        }

        private async Task LoadAsync(List<Place> places, CancellationToken cancellationToken)
        {
            var missing = places
                .Select(place => place.Tree)
                .Where(tree => !index.Contains(tree) && !_damaged.ContainsKey(tree))
                .Distinct()
                .ToArray();
            if (missing.Length == 0)
                return;

            // A search that finds everything in the local index never needs to know where blobs are stored.
            if (!_opened)
                await repository.Index.OpenAsync(cancellationToken);
            _opened = true;
            var rows = new IReadOnlyList<ItemSummary>[missing.Length];
            var faults = new List<(string Name, string Reason)>[missing.Length];
            var options = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(
                Enumerable.Range(0, missing.Length),
                options,
                async (i, token) => (rows[i], faults[i]) = await ReadAsync(missing[i], token)
            );
            for (var i = 0; i < missing.Length; i++)
            {
                if (faults[i].Count == 0)
                    index.Add(missing[i], [.. rows[i]]);
                else
                    _damaged.Add(missing[i], (rows[i], faults[i]));
            }
        }

        private async Task<(IReadOnlyList<ItemSummary> Rows, List<(string Name, string Reason)> Faults)> ReadAsync(
            BlobId tree,
            CancellationToken cancellationToken
        )
        {
            try
            {
                var faults = new List<TreeFault>();
                var nodes = await reader.ReadTreeAsync(tree, faults, cancellationToken);
                return ([.. nodes.Select(ItemSummary.Of)], faults.ConvertAll(fault => ("/" + SnapshotBrowser.NameOf(fault), fault.Reason)));
            }
            catch (Exception exception) when (ItemWall.Holds(exception, cancellationToken))
            {
                return ([], [("", ItemWall.Describe(exception).Detail)]);
            }
        }

        // A damaged folder or entry is reported, and the search continues.
        private IEnumerable<ItemSummary> RowsOf(Place place)
        {
            if (!_damaged.TryGetValue(place.Tree, out var damaged))
                return index.Read(place.Tree);
            foreach (var (name, reason) in damaged.Faults)
                observer.Warning(Texts.Get("BrowseDamaged", place.Path + name is { Length: > 0 } path ? path : "/", reason));
            return damaged.Rows;
        }

        private sealed record Place(BlobId Tree, string Path, IReadOnlyList<string> Parts, bool IsDeleted);
    }
}
