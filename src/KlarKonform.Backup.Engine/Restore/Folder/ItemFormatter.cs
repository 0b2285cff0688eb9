using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.State;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Reading;

namespace KlarKonform.Backup.Engine.Restore.Folder;

/// <summary>Decides in which form an entry is restored, and writes what goes into one file with others. Used by one restore.</summary>
internal sealed class ItemFormatter(RepositoryReader reader, RestoreRequest request) : IAsyncDisposable
{
    private const string AddressBook = "AddressBook.csv";
    private const int EntriesAhead = 256;
    private const long BytesAhead = 64L << 20;
    private const int ReadsAtOnce = 16;

    private readonly List<(CombinedFile File, SnapshotEntry Entry)> _waiting = [];
    private readonly HashSet<CombinedFile> _open = [];
    private long _bytes;

    /// <summary>Whether enough waits to be written.</summary>
    public bool IsFull => _waiting.Count >= EntriesAhead || _bytes >= BytesAhead;

    /// <summary>What becomes of an entry: a file of its own, a part of others, or neither.</summary>
    public (bool AsFile, IReadOnlyList<CombinedFile> Combined) Plan(SnapshotEntry entry, IReadOnlyList<RestoreLevel> levels)
    {
        if (request.Format == RestoreFormat.AsStored)
            return (true, []);
        var chain = entry.Chain();
        var kind = chain[0].Node.Name == "Exchange" && chain.Count > 3 ? chain[2].Node.Name : chain[0].Node.Name is "Directory" or "WhatsApp" ? chain[0].Node.Name : "";
        var extension = Path.GetExtension(entry.Node.Name).ToLowerInvariant();
        var isItem = entry.Node.Attribute(ResourceStore.Attribute) is not null;
        var combined = request.Format == RestoreFormat.Combined;
        switch (kind)
        {
            case "Mail" when combined && extension == ".eml":
                return (false, [FileOf("mbox", Folder(levels), ".mbox", (path, overwrite, skip) => new MboxFile(path, overwrite) { IsSkipped = skip })]);
            case "Calendar" when isItem:
                return (false, []);
            case "Calendar" when combined && extension == ".ics" && IsCompanion(entry):
                return (false, [FileOf("ics", Folder(levels), ".ics", (path, overwrite, skip) => new CalendarFile(path, overwrite) { IsSkipped = skip })]);
            case "Contacts" when isItem:
                return (false, []);
            case "Contacts" when combined:
                return (false, extension == ".vcf" ? [FileOf("vcf", Folder(levels), ".vcf", (path, overwrite, skip) => new CardFile(path, overwrite) { IsSkipped = skip })] : []);
            case "WhatsApp" when extension == ".jsonl" && isItem:
                return (false, [FileOf("chat", Folder(levels), ".csv", (path, overwrite, skip) => new ChatFile(path, overwrite) { IsSkipped = skip })]);
            case "WhatsApp" when extension == ".json" && isItem:
                return (false, []);
            case "WhatsApp" when combined && extension == ".html" && !isItem:
                return (false, []);
            case "Directory" when isItem:
                return (false, [FileOf("csv", levels[Math.Min(1, levels.Count - 1)], null, (path, overwrite, skip) => new AddressBookFile(path, overwrite) { IsSkipped = skip })]);
            case "Directory" when combined:
                return (false, extension == ".vcf" ? [FileOf("vcf", levels[^1], ".vcf", (path, overwrite, skip) => new CardFile(path, overwrite) { IsSkipped = skip })] : []);
            default:
                return (true, []);
        }
    }

    /// <summary>Lets an entry wait for being written into a file.</summary>
    public void Enqueue(CombinedFile file, SnapshotEntry entry)
    {
        _waiting.Add((file, entry));
        _bytes += file.IsSkipped ? 0 : (long)entry.Node.Size;
    }

    /// <summary>Writes what waits: read side by side, written in order.</summary>
    public async IAsyncEnumerable<RestoredItem> FlushAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var contents = new (byte[]? Content, Exception? Failure)[_waiting.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, contents.Length).Where(i => !_waiting[i].File.IsSkipped), new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken }, async (i, token) =>
        {
            try
            {
                contents[i].Content = await reader.ReadContentAsync(_waiting[i].Entry.Node, token).ConfigureAwait(false);
            }
            catch (RepositoryException exception)
            {
                contents[i].Failure = exception;
            }
        }).ConfigureAwait(false);
        for (var i = 0; i < contents.Length; i++)
        {
            var (file, entry) = _waiting[i];
            var item = new RestoredItem(entry.Path, file.Path, (long)entry.Node.Size, "Restored");
            if (file.IsSkipped)
                item = item with { Status = "Skipped", Detail = Texts.Get("RestoreIsThere") };
            else if (contents[i].Failure is { } failure)
                item = item with { Status = "Failed", Code = "RepositoryDamaged", Detail = failure.Message };
            else
                await AddAsync(file, entry, contents[i].Content!, cancellationToken).ConfigureAwait(false);
            yield return item;
        }

        _waiting.Clear();
        _bytes = 0;
    }

    /// <summary>Completes the files of a folder that the walk leaves.</summary>
    public async IAsyncEnumerable<RestoredItem> CloseAsync(RestoreLevel level, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in FlushAsync(cancellationToken).ConfigureAwait(false))
            yield return item;
        foreach (var file in level.Files.Values)
        {
            await Guarded(file, () => file.CompleteAsync(cancellationToken)).ConfigureAwait(false);
            _open.Remove(file);
        }

        level.Files.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var file in _open)
            await file.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task AddAsync(CombinedFile file, SnapshotEntry entry, byte[] content, CancellationToken cancellationToken)
    {
        if (file is AddressBookFile book)
            book.Kind = entry.Parent?.Node.Name ?? "";
        await Guarded(file, () => file.AddAsync(content, entry.Node.ModTime.Moment, cancellationToken)).ConfigureAwait(false);
    }

    private static async Task Guarded(CombinedFile file, Func<Task> write)
    {
        try
        {
            await write().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException("DestinationUnwritable", BackupErrorCategory.PermissionDenied, file.Path, file.Path, exception.Message);
        }
    }

    // Months and years are folders of our own making: the file is the one of the folder that people know.
    private static RestoreLevel Folder(IReadOnlyList<RestoreLevel> levels)
    {
        for (var i = levels.Count - 1; i > 0; i--)
        {
            if (levels[i].Entry is { } entry && (entry.Node.Attribute(ResourceStore.Attribute) is not null || i == 1))
                return levels[i];
        }

        return levels[^1];
    }

    // Beside its event's JSON, or somebody's attachment that is called so.
    private static bool IsCompanion(SnapshotEntry entry) => entry.Node.Name.EndsWith("].ics", StringComparison.Ordinal);

    private CombinedFile FileOf(string kind, RestoreLevel level, string? extension, Func<string, bool, bool, CombinedFile> create)
    {
        if (level.Files.TryGetValue(kind, out var known))
            return known;
        var folder = extension is null ? level.Path : Path.GetDirectoryName(level.Path)!;
        var path = extension is null ? Path.Combine(level.Path, AddressBook) : request.Layout == RestoreLayout.Flat
            ? Path.Combine(level.Path, LocalName.From(string.Join(" - ", level.Entry!.Chain().Skip(1).Select(each => each.Node.Name))) + extension) : level.Path + extension;
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException("DestinationUnwritable", BackupErrorCategory.PermissionDenied, folder, folder, exception.Message);
        }

        var skip = File.Exists(path) && request.Conflict == RestoreConflict.Skip;
        for (var number = 2; request.Conflict == RestoreConflict.Rename && File.Exists(path); number++)
            path = Path.Combine(Path.GetDirectoryName(path)!, RestoreLevel.Numbered(Path.GetFileName(path), number));
        var file = create(path, request.Conflict == RestoreConflict.Replace, skip);
        _open.Add(file);
        return level.Files[kind] = file;
    }
}
