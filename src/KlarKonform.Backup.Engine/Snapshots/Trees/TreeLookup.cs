using System.Collections.Concurrent;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;

namespace KlarKonform.Backup.Engine.Snapshots.Trees;

/// <summary>
/// Finds many trees below one root and keeps the folders on the way: ten thousand mailboxes are all in the same one. Thread-safe.
/// </summary>
internal sealed class TreeLookup(RepositoryReader reader, BlobId root)
{
    private readonly ConcurrentDictionary<BlobId, IReadOnlyDictionary<string, BlobId>> _folders = new();

    /// <summary>The tree at a path, or null.</summary>
    public async Task<BlobId?> FindAsync(IEnumerable<string> path, CancellationToken cancellationToken)
    {
        var current = root;
        foreach (var name in path)
        {
            if (!_folders.TryGetValue(current, out var names))
            {
                var read = new Dictionary<string, BlobId>(StringComparer.Ordinal);
                foreach (var node in await reader.ReadTreeAsync(current, cancellationToken))
                {
                    if (node.Subtree is { } tree)
                        read[node.Name] = tree;
                }

                _folders[current] = names = read;
            }

            if (!names.TryGetValue(name, out current))
                return null;
        }

        return current;
    }
}
