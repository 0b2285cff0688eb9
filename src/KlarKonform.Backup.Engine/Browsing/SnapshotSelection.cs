using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine.Browsing;

/// <summary>
/// What paths select from a snapshot. However they overlap (an item and the folders above it, a path and a pattern, a path twice), each
/// entry is returned once: the snapshot is walked once, with all paths in hand. Wildcards match within one level, and a name is first
/// compared literally and then as a pattern, because subjects contain brackets and asterisks. Thread-safe.
/// </summary>
internal sealed class SnapshotSelection
{
    private readonly SnapshotBrowser _browser;
    private readonly bool _includeDeleted;
    private readonly bool _withParts;
    private readonly PathStep _start = new("");
    private readonly List<PathStep> _ends = [];

    // Where no path leads further, as for most entries.
    private readonly List<PathStep> _none = [];

    /// <summary>Creates a selection.</summary>
    /// <param name="browser">Reads folders.</param>
    /// <param name="paths">Names and patterns, separated by slashes; an empty list selects everything except our own state.</param>
    /// <param name="includeDeleted">Whether to include kept deleted items that match only through a folder above them or a pattern.</param>
    /// <param name="withParts">Whether the files that accompany an event, a contact or a person are included with it.</param>
    public SnapshotSelection(SnapshotBrowser browser, IEnumerable<string> paths, bool includeDeleted, bool withParts = false)
    {
        (_browser, _includeDeleted, _withParts) = (browser, includeDeleted, withParts);
        foreach (var path in paths)
        {
            var step = _start;
            foreach (var part in PartsOf(path) is { Length: > 0 } parts ? parts : ["*"])
                step = step.Step(part);
            if (step.Path is null)
                _ends.Add(step);
            step.Path ??= path;
        }
    }

    /// <summary>The names and patterns of a path.</summary>
    public static string[] PartsOf(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The first path that selects nothing, or null. What is inside a damaged folder may exist and is not reported.</summary>
    public async Task<string?> MissingAsync(BlobId root, CancellationToken cancellationToken)
    {
        var found = new HashSet<PathStep>();
        await foreach (var _ in VisitAsync(await StartAsync(root, cancellationToken), below: false, null, found, cancellationToken))
        {
            // Only what the walk marks as found matters.
        }

        return _ends.Find(end => !found.Contains(end))?.Path;
    }

    /// <summary>The entries that the paths name, without their contents.</summary>
    public async IAsyncEnumerable<SnapshotEntry> NamedAsync(BlobId root, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var branch in VisitAsync(await StartAsync(root, cancellationToken), below: false, null, null, cancellationToken))
            yield return branch.Entry;
    }

    /// <summary>The entries that the paths name and everything below them: each once, folders before their contents.</summary>
    public async IAsyncEnumerable<SnapshotEntry> WalkAsync(BlobId root, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var branch in VisitAsync(await StartAsync(root, cancellationToken), below: true, null, null, cancellationToken))
            yield return branch.Entry;
    }

    /// <summary>The parts of the selection, to be walked concurrently; and any damage on the way to them.</summary>
    /// <param name="root">The snapshot's root tree.</param>
    /// <param name="isPart">Whether an entry is a part of its own, with all that is selected below it.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async IAsyncEnumerable<SelectedBranch> BranchesAsync(
        BlobId root,
        Func<SnapshotEntry, bool> isPart,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var branch in VisitAsync(await StartAsync(root, cancellationToken), below: true, isPart, null, cancellationToken))
        {
            if (branch.Entry.Fault is not null || isPart(branch.Entry))
                yield return branch;
        }
    }

    /// <summary>
    /// What is selected from a part: with <paramref name="below"/> everything below it, otherwise what the paths name. Several parts may be
    /// walked concurrently.
    /// </summary>
    public async IAsyncEnumerable<SnapshotEntry> WalkAsync(
        SelectedBranch branch,
        bool below,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (branch.IsSelected)
            yield return branch.Entry;
        if (!branch.Entry.Node.IsDirectory || branch.Entry.Fault is not null || (!below && branch.Wanted.Count == 0))
            yield break;
        var children = await _browser.ChildrenAsync(branch.Entry, cancellationToken);
        await foreach (
            var each in VisitAsync(
                LevelOf(children, branch.Wanted, branch.Entry, below && branch.IsSelected),
                below,
                null,
                null,
                cancellationToken
            )
        )
            yield return each.Entry;
    }

    private async Task<Level> StartAsync(BlobId root, CancellationToken cancellationToken) =>
        LevelOf(await _browser.RootAsync(root, cancellationToken), [_start], null, isSelected: false);

    private async IAsyncEnumerable<SelectedBranch> VisitAsync(
        Level first,
        bool below,
        Func<SnapshotEntry, bool>? isPart,
        HashSet<PathStep>? found,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // An explicit stack: folders may be nested more deeply than the call stack allows.
        var open = new Stack<Level>([first]);
        while (open.TryPeek(out var level))
        {
            if (level.Next == level.Entries.Count)
            {
                open.Pop();
                continue;
            }

            var (entry, steps) = (level.Entries[level.Next], level.Steps[level.Next]);
            level.Next++;
            found?.UnionWith(steps);
            if (entry.Fault is not null && ReferenceEquals(entry.Node, level.Folder?.Node))
            {
                // The contents are unknown, so nothing in there may be reported as missing.
                found?.UnionWith(level.Wanted.SelectMany(step => step.All()));
                yield return new SelectedBranch(entry, [], true);
                continue;
            }

            if (entry.Fault is not null)
                found?.UnionWith(steps.SelectMany(step => step.All()));
            var isSelected =
                steps.Exists(step => step.Path is not null)
                || level.Parts.Contains(entry)
                || (level.IsSelected && (_includeDeleted || !SnapshotBrowser.IsDeletedFolder(entry)));
            var wanted = steps.FindAll(step => step.Next.Count > 0);
            var isBranch = isPart?.Invoke(entry) == true;
            if (isSelected || (entry.Fault is not null && steps.Count > 0) || (isBranch && wanted.Count > 0))
                yield return new SelectedBranch(entry, wanted, isSelected);
            if (!isBranch && entry is { Fault: null, Node.IsDirectory: true } && (wanted.Count > 0 || (below && isSelected)))
                open.Push(LevelOf(await _browser.ChildrenAsync(entry, cancellationToken), wanted, entry, below && isSelected));
        }
    }

    private Level LevelOf(IReadOnlyList<SnapshotEntry> entries, List<PathStep> wanted, SnapshotEntry? folder, bool isSelected)
    {
        var steps = new List<PathStep>[entries.Count];
        for (var i = 0; i < steps.Length; i++)
            steps[i] = wanted.Count == 0 ? _none : [];
        foreach (var step in wanted)
            Match(step, entries, steps);
        return new Level(entries, steps, wanted, folder, isSelected, _withParts ? PartsOf(entries, steps) : []);
    }

    private void Match(PathStep above, IReadOnlyList<SnapshotEntry> entries, List<PathStep>[] steps)
    {
        var exact = new HashSet<PathStep>();
        for (var i = 0; i < steps.Length; i++)
        {
            if (!above.Next.TryGetValue(entries[i].Node.Name, out var step))
                continue;
            steps[i].Add(step);
            exact.Add(step);
        }

        foreach (var step in above.Next.Values)
        {
            if (exact.Contains(step))
                continue;
            for (var i = 0; i < steps.Length; i++)
            {
                if (FileSystemName.MatchesSimpleExpression(step.Name, entries[i].Node.Name) && !IsHidden(entries[i], step))
                    steps[i].Add(step);
            }
        }
    }

    // Our own state is not user data, and deleted items are not current ones: both are returned when named, not when a pattern happens to
    // match them.
    private bool IsHidden(SnapshotEntry entry, PathStep step) =>
        (entry.Depth == 0 && entry.Node.Name == SnapshotLayout.StateFolder)
        || (!_includeDeleted && !step.Name.StartsWith('.') && SnapshotBrowser.IsDeletedFolder(entry));

    // An event, contact or person is a JSON file, which is authoritative, with accompanying files of the same name.
    private static HashSet<SnapshotEntry> PartsOf(IReadOnlyList<SnapshotEntry> entries, List<PathStep>[] steps)
    {
        var stems = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < steps.Length; i++)
        {
            var node = entries[i].Node;
            if (
                steps[i].Exists(step => step.Path is not null)
                && node.Name.EndsWith("].json", StringComparison.Ordinal)
                && node.Attribute(ItemMetadata.Attribute) is not null
            )
                stems.Add(Path.GetFileNameWithoutExtension(node.Name));
        }

        return stems.Count == 0
            ? []
            :
            [
                .. entries.Where(entry =>
                    !entry.Node.IsDirectory
                    && entry.Node.Attribute(ItemMetadata.Attribute) is null
                    && stems.Contains(entry.Node.Name[..(entry.Node.Name.IndexOf(']', StringComparison.Ordinal) + 1)])
                ),
            ];
    }

    private sealed class Level(
        IReadOnlyList<SnapshotEntry> entries,
        List<PathStep>[] steps,
        List<PathStep> wanted,
        SnapshotEntry? folder,
        bool isSelected,
        HashSet<SnapshotEntry> parts
    )
    {
        public IReadOnlyList<SnapshotEntry> Entries => entries;

        public List<PathStep>[] Steps => steps;

        public List<PathStep> Wanted => wanted;

        public SnapshotEntry? Folder => folder;

        public bool IsSelected => isSelected;

        public HashSet<SnapshotEntry> Parts => parts;

        public int Next { get; set; }
    }
}
