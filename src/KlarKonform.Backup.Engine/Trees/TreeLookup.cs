using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Reading;

namespace KlarKonform.Backup.Engine.Trees;

/// <summary>Finds many trees below one root and reads each folder on the way once. Not thread-safe.</summary>
internal sealed class TreeLookup(RepositoryReader reader, BlobId root)
{
    private readonly Dictionary<BlobId, Dictionary<string, BlobId>> _folders = [];

    /// <summary>The tree at a path, or null.</summary>
    public async Task<BlobId?> FindAsync(IEnumerable<string> path, CancellationToken cancellationToken)
    {
        var current = root;
        foreach (var name in path)
        {
            if (!_folders.TryGetValue(current, out var names))
            {
                names = new Dictionary<string, BlobId>(StringComparer.Ordinal);
                foreach (var node in await reader.ReadTreeAsync(current, cancellationToken).ConfigureAwait(false))
                {
                    if (node.Subtree is { } tree)
                        names[node.Name] = tree;
                }

                _folders.Add(current, names);
            }

            if (!names.TryGetValue(name, out current))
                return null;
        }

        return current;
    }
}
