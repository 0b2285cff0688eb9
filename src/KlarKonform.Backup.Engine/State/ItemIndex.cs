using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.Engine.Trees;

namespace KlarKonform.Backup.Engine.State;

/// <summary>
/// Id → place, as a trie of small files inside the snapshot: a look-up reads one leaf, whatever the number of items, and a change
/// rewrites one. Not thread-safe.
/// </summary>
internal sealed class ItemIndex
{
    // A leaf of this many entries is some 15 KiB compressed; a fuller one becomes a folder of sixteen.
    private const int MaxLeafEntries = 256;
    private const string Folder = "items";

    private readonly WorkingTree _tree;
    private readonly Dictionary<string, Leaf> _leaves = new(StringComparer.Ordinal);

    public ItemIndex(WorkingTree tree) => _tree = tree;

    public int LoadedCount => _leaves.Values.Sum(leaf => leaf.Entries.Count);

    public async Task<ItemEntry?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var leaf = await LeafAsync(Digits(id), create: false, cancellationToken).ConfigureAwait(false);
        return leaf?.Entries.GetValueOrDefault(id);
    }

    public async Task SetAsync(ItemEntry entry, CancellationToken cancellationToken)
    {
        var digits = Digits(entry.Id);
        var leaf = await LeafAsync(digits, create: true, cancellationToken).ConfigureAwait(false);
        leaf!.Entries[entry.Id] = entry;
        leaf.Changed = true;
        if (leaf.Entries.Count > MaxLeafEntries)
            await SplitAsync(leaf, cancellationToken).ConfigureAwait(false);
    }

    public async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        if (await LeafAsync(Digits(id), create: false, cancellationToken).ConfigureAwait(false) is { } leaf && leaf.Entries.Remove(id))
            leaf.Changed = true;
    }

    /// <summary>Writes changed leaves into the tree, and forgets all.</summary>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        foreach (var leaf in _leaves.Values.Where(leaf => leaf.Changed))
        {
            var directory = await _tree.GetOrCreateAsync(leaf.Directory, cancellationToken).ConfigureAwait(false);
            var text = new StringBuilder();
            foreach (var entry in leaf.Entries.Values.OrderBy(entry => entry.Id, StringComparer.Ordinal))
                text.Append(JsonSerializer.Serialize(entry)).Append('\n');
            directory.Set(await _tree.NewFileAsync(leaf.Name, Encoding.UTF8.GetBytes(text.ToString()), cancellationToken).ConfigureAwait(false));
        }

        _leaves.Clear();
    }

    // Finds the leaf whose path is a beginning of the digits.
    private async Task<Leaf?> LeafAsync(string digits, bool create, CancellationToken cancellationToken)
    {
        for (var depth = 1; depth <= digits.Length; depth++)
        {
            if (_leaves.TryGetValue(digits[..depth], out var known))
                return known;
        }

        var path = new List<string> { Folder };
        var directory = await _tree.GetOrCreateAsync(path, cancellationToken).ConfigureAwait(false);
        for (var depth = 0; ; depth++)
        {
            var name = digits[depth..(depth + 1)];
            var node = directory.Find(name);
            if (node is { IsDirectory: true })
            {
                path.Add(name);
                directory = await _tree.GetOrCreateAsync(path, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (node is null && !create)
                return null;
            var leaf = new Leaf([.. path], name);
            if (node is not null)
            {
                foreach (var line in Encoding.UTF8.GetString(await _tree.ReadFileAsync(node, cancellationToken).ConfigureAwait(false)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    var entry = JsonSerializer.Deserialize<ItemEntry>(line)!;
                    leaf.Entries[entry.Id] = entry;
                }
            }

            _leaves.Add(digits[..(depth + 1)], leaf);
            return leaf;
        }
    }

    private async Task SplitAsync(Leaf leaf, CancellationToken cancellationToken)
    {
        var prefix = string.Concat(leaf.Directory.Skip(1)) + leaf.Name;
        _leaves.Remove(prefix);
        var parent = await _tree.GetOrCreateAsync(leaf.Directory, cancellationToken).ConfigureAwait(false);
        parent.Remove(leaf.Name);
        string[] folder = [.. leaf.Directory, leaf.Name];
        await _tree.GetOrCreateAsync(folder, cancellationToken).ConfigureAwait(false);
        foreach (var group in leaf.Entries.Values.GroupBy(entry => Digits(entry.Id)[prefix.Length]))
        {
            var part = new Leaf(folder, group.Key.ToString()) { Changed = true };
            foreach (var entry in group)
                part.Entries[entry.Id] = entry;
            _leaves.Add(prefix + group.Key, part);
        }
    }

    private static string Digits(string id) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(id))).ToLowerInvariant();

    private sealed class Leaf(IReadOnlyList<string> directory, string name)
    {
        public IReadOnlyList<string> Directory { get; } = directory;

        public string Name { get; } = name;

        public Dictionary<string, ItemEntry> Entries { get; } = new(StringComparer.Ordinal);

        public bool Changed { get; set; }
    }
}
