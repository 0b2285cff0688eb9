using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Repository.Reading;

namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>Decides in which form an entry is restored, and writes items that go into a combined file. Used by one restore.</summary>
internal sealed class ItemFormatter(RepositoryReader reader, RestoreRequest request) : IAsyncDisposable
{
    private const string AddressBook = "AddressBook.csv";
    private const int EntriesAhead = 256;
    private const long BytesAhead = 64L << 20;
    private const int ReadsAtOnce = 16;

    private readonly List<WaitingItem> _waiting = [];
    private readonly HashSet<CombinedFile> _open = [];

    // Files that the disk refused, and why: nothing more is written to them, and they never get their final name.
    private readonly Dictionary<CombinedFile, Exception> _lost = [];
    private long _bytes;
    private (SnapshotEntry? Folder, HashSet<string> Names) _beside = (null, []);

    /// <summary>Whether enough entries are waiting to be written.</summary>
    public bool IsFull => _waiting.Count >= EntriesAhead || _bytes >= BytesAhead;

    /// <summary>What becomes of an entry.</summary>
    public async Task<ItemForm> PlanAsync(SnapshotEntry entry, IReadOnlyList<RestoreLevel> levels, CancellationToken cancellationToken)
    {
        if (request.Format == RestoreFormat.AsStored)
            return new ItemForm(true);
        var chain = entry.Chain();
        var place = SnapshotLayout.PlaceOf([.. chain.Select(each => each.Node.Name)]);
        var isOurs = chain[0].Node.Name is SnapshotLayout.Exchange or ResourceKinds.Directory or ResourceKinds.WhatsApp;
        var kind = isOurs && chain.Count > place.Depth ? place.Kind : ""; // Another program's folders are restored as they are.
        var extension = Path.GetExtension(entry.Node.Name).ToLowerInvariant();
        var isItem = entry.Node.Attribute(ItemMetadata.Attribute) is not null;
        var combined = request.Format == RestoreFormat.Combined;
        switch (kind)
        {
            case ResourceKinds.Mail when combined && extension == ".eml":
                return Into(
                    FileOf(
                        "mbox",
                        FolderOf(levels),
                        levels,
                        ".mbox",
                        (path, overwrite, skip) => new MboxFile(path, overwrite) { IsSkipped = skip }
                    )
                );
            case ResourceKinds.Calendar when isItem:
                return await TruthAsync(entry, ".ics", cancellationToken);
            case ResourceKinds.Calendar when combined && extension == ".ics" && IsCompanion(entry):
                return Into(
                    FileOf(
                        "ics",
                        FolderOf(levels),
                        levels,
                        ".ics",
                        (path, overwrite, skip) => new CalendarFile(path, overwrite) { IsSkipped = skip }
                    )
                );
            case ResourceKinds.Contacts when isItem:
                return await TruthAsync(entry, ".vcf", cancellationToken);
            case ResourceKinds.Contacts when combined:
                return extension == ".vcf"
                    ? Into(
                        FileOf(
                            "vcf",
                            FolderOf(levels),
                            levels,
                            ".vcf",
                            (path, overwrite, skip) => new CardFile(path, overwrite) { IsSkipped = skip }
                        )
                    )
                    : new ItemForm(false);
            case ResourceKinds.WhatsApp when extension == ".jsonl" && isItem:
                return Into(
                    FileOf(
                        "chat",
                        FolderOf(levels),
                        levels,
                        ".csv",
                        (path, overwrite, skip) => new ChatFile(path, overwrite) { IsSkipped = skip }
                    )
                );
            case ResourceKinds.WhatsApp when extension == ".json" && isItem:
                return new ItemForm(false);
            case ResourceKinds.WhatsApp when combined && extension == ".html" && !isItem:
                return new ItemForm(false);
            case ResourceKinds.Directory when isItem:
                return Into(
                    FileOf(
                        "csv",
                        Top(levels),
                        levels,
                        null,
                        (path, overwrite, skip) => new AddressBookFile(path, overwrite) { IsSkipped = skip }
                    )
                );
            case ResourceKinds.Directory when combined:
                return extension == ".vcf"
                    ? Into(
                        FileOf(
                            "vcf",
                            levels.Count - 1,
                            levels,
                            ".vcf",
                            (path, overwrite, skip) => new CardFile(path, overwrite) { IsSkipped = skip }
                        )
                    )
                    : new ItemForm(false);
            default:
                return new ItemForm(true);
        }
    }

    /// <summary>Queues an entry to be written to a combined file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="folder">Where it is written as a file of its own, if it cannot be added to the combined file.</param>
    public void Enqueue(CombinedFile file, SnapshotEntry entry, RestoreLevel folder)
    {
        _waiting.Add(new WaitingItem(file, entry, folder));
        _bytes += file.IsSkipped ? 0 : (long)entry.Node.Size;
    }

    /// <summary>
    /// Writes what is waiting: read concurrently, written in order. What cannot be converted is returned, to be written as it was stored.
    /// </summary>
    public async IAsyncEnumerable<(RestoredItem Item, WaitingItem? AsStored)> FlushAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var contents = new (byte[]? Content, Exception? Failure)[_waiting.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            Enumerable.Range(0, contents.Length).Where(i => !_waiting[i].File.IsSkipped),
            options,
            async (i, token) =>
            {
                try
                {
                    contents[i].Content = await reader.ReadContentAsync(_waiting[i].Entry.Node, token);
                }
                catch (Exception exception) when (ItemWall.Holds(exception, cancellationToken))
                {
                    contents[i].Failure = exception;
                }
            }
        );
        for (var i = 0; i < contents.Length; i++)
        {
            var waiting = _waiting[i];
            var item = new RestoredItem(waiting.Entry.Path, waiting.File.Path, (long)waiting.Entry.Node.Size, RestoreOutcomes.Restored);
            if (waiting.File.IsSkipped)
                yield return (item with { Status = RestoreOutcomes.Skipped, Detail = Texts.Get("RestoreIsThere") }, null);
            else if (contents[i].Failure is { } failure)
                yield return (FolderRestorer.Failed(item, failure), null);
            else
                yield return await AddAsync(waiting, item, contents[i].Content!, cancellationToken);
        }

        _waiting.Clear();
        _bytes = 0;
    }

    /// <summary>Completes the files of a folder that the walk leaves; a file that cannot be completed gets a row of its own.</summary>
    public async IAsyncEnumerable<RestoredItem> CloseAsync(RestoreLevel level, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var file in level.Files.Values)
        {
            if (!_lost.ContainsKey(file))
                await GuardedAsync(file, () => file.CompleteAsync(cancellationToken));
            _open.Remove(file);
            await file.DisposeAsync();
            if (_lost.Remove(file, out var failure))
                yield return FolderRestorer.Failed(
                    new RestoredItem(level.Entry?.Path ?? "/", file.Path, 0, RestoreOutcomes.Failed),
                    failure
                );
        }

        level.Files.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var file in _open)
            await file.DisposeAsync();
    }

    private async Task<(RestoredItem Item, WaitingItem? AsStored)> AddAsync(
        WaitingItem waiting,
        RestoredItem item,
        byte[] content,
        CancellationToken cancellationToken
    )
    {
        if (waiting.File is AddressBookFile book)
            book.Kind = waiting.Entry.Parent?.Node.Name ?? "";
        try
        {
            if (!_lost.ContainsKey(waiting.File))
                await GuardedAsync(
                    waiting.File,
                    () => waiting.File.AddAsync(content, waiting.Entry.Node.ModTime.Moment, cancellationToken)
                );
            return _lost.TryGetValue(waiting.File, out var lost) ? (FolderRestorer.Failed(item, lost), null) : (item, null);
        }
        catch (Exception exception) when (ItemWall.Holds(exception, cancellationToken))
        {
            return (
                item with
                {
                    Detail = Texts.Get("RestoreAsStored", Path.GetFileName(waiting.File.Path), ItemWall.Describe(exception).Detail),
                },
                waiting
            );
        }
    }

    // A disk error is the file's fault, not the item's.
    private async Task GuardedAsync(CombinedFile file, Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (ItemWall.IsDiskFull(exception))
                throw new BackupException(
                    ErrorIds.DestinationFull,
                    BackupErrorCategory.QuotaExceeded,
                    file.Path,
                    file.Path,
                    exception.Message
                );
            _lost[file] = exception;
        }
    }

    // The JSON is left out if the accompanying file tells other programs the same; without that file the JSON is all there is.
    private async Task<ItemForm> TruthAsync(SnapshotEntry entry, string extension, CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(_beside.Folder, entry.Parent) && entry.Parent?.Node.Subtree is { } tree)
            _beside = (entry.Parent, [.. (await reader.ReadTreeAsync(tree, [], cancellationToken)).Select(node => node.Name)]);
        return _beside.Names.Contains(Path.GetFileNameWithoutExtension(entry.Node.Name) + extension)
            ? new ItemForm(false)
            : new ItemForm(true, Note: Texts.Get("RestoreNoReadableForm", extension));
    }

    private static ItemForm Into(CombinedFile file) => new(false, file);

    // Month and year folders are created by us: the combined file belongs to the folder that people know.
    private static int FolderOf(IReadOnlyList<RestoreLevel> levels)
    {
        for (var i = levels.Count - 1; i > 0; i--)
        {
            if (
                levels[i].Entry is { } entry
                && (entry.Node.Attribute(ItemMetadata.Attribute) is not null || i == 1 || !IsPeriod(entry.Node.Name))
            )
                return i;
        }

        return levels.Count - 1;
    }

    private static bool IsPeriod(string name) =>
        name.Length is 4 or 7 && name.Where((_, i) => i != 4).All(char.IsAsciiDigit) && (name.Length == 4 || name[4] == '-');

    // There is one address book, whatever part of it is restored.
    private static int Top(IReadOnlyList<RestoreLevel> levels) => Math.Min(1, levels.Count - 1);

    // It accompanies its event's JSON, or is an attachment that happens to have such a name.
    private static bool IsCompanion(SnapshotEntry entry) => entry.Node.Name.EndsWith("].ics", StringComparison.Ordinal);

    private CombinedFile FileOf(
        string kind,
        int at,
        IReadOnlyList<RestoreLevel> levels,
        string? extension,
        Func<string, bool, bool, CombinedFile> create
    )
    {
        var level = levels[at];
        if (level.Files.TryGetValue(kind, out var known))
            return known;

        // Next to the folder that it stands for; inside it if that is the destination, or if the file has a name of its own.
        var folder =
            extension is null || at == 0 ? level
            : request.Layout == RestoreLayout.Flat ? levels[0]
            : levels[at - 1];
        var name = extension is null
            ? AddressBook
            : (
                level.Entry is not { } entry ? kind
                : request.Layout == RestoreLayout.Flat ? string.Join(" - ", entry.Chain().Skip(1).Select(each => each.Node.Name))
                : entry.Node.Name
            ) + extension;
        folder.Make();
        var path = Path.Combine(folder.Path, folder.Claim(name));
        var skip = File.Exists(path) && request.Conflict == RestoreConflict.Skip;
        for (var number = 2; request.Conflict == RestoreConflict.Rename && File.Exists(path); number++)
            path = Path.Combine(folder.Path, folder.Claim(RestoreLevel.Numbered(Path.GetFileName(path), number)));
        var file = create(path, request.Conflict == RestoreConflict.Replace, skip);
        _open.Add(file);
        return level.Files[kind] = file;
    }
}
