using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Snapshots;

/// <summary>
/// The order in which snapshots were made: one that names another as its parent came after it, whatever the clocks said. Without such a
/// relation the times decide. After a night with a fast clock, a snapshot stays the newest only until the next one.
/// </summary>
public static class SnapshotOrder
{
    /// <summary>Sorts, oldest first.</summary>
    /// <param name="snapshots">The snapshots, in any order.</param>
    public static List<StoredSnapshot> Sort(IEnumerable<StoredSnapshot> snapshots)
    {
        var byTime = snapshots.OrderBy(each => each.Snapshot.Taken).ThenBy(each => each.Id).ToArray();
        var byId = byTime.ToDictionary(each => each.Id.ToString(), StringComparer.OrdinalIgnoreCase);
        foreach (var changed in byTime.Where(each => each.Snapshot.Original is not null))
            byId.TryAdd(changed.Snapshot.Original!, changed); // Another program changed it: it takes the place of the original.
        var (sorted, placed, waiting) = (new List<StoredSnapshot>(byTime.Length), new HashSet<BlobId>(), new Stack<StoredSnapshot>());
        foreach (var snapshot in byTime)
        {
            // Its parents first, without recursion: a chain of ten years is long. A snapshot that is its own ancestor is placed where it is
            // met.
            for (var next = snapshot; placed.Add(next.Id); )
            {
                waiting.Push(next);
                if (next.Snapshot.Parent is not { } parent || !byId.TryGetValue(parent, out next))
                    break;
            }

            while (waiting.TryPop(out var first))
                sorted.Add(first);
        }

        return sorted;
    }
}
