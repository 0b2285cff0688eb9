using System.Globalization;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>
/// What this machine last knew to be in the repository when everything in it was sound: after a verified run, and after what this program
/// itself then removes or merges. Without it, or on another machine, a difference costs reading all trees; it is never trusted beyond that.
/// Thread-safe.
/// </summary>
internal sealed class FileLedger(BackupRepository session)
{
    private const string FilesKey = "verified-files";
    private const string RemovedKey = "removed-snapshots";
    private const string NewestKey = "newest-snapshot";

    // Enough for a year in which one is removed every hour.
    private const int MaxRemoved = 9000;

    private readonly NearMemory _memory = new(session);

    /// <summary>The files, or null if unknown.</summary>
    public async Task<FileSetDigest?> ReadAsync(CancellationToken cancellationToken) =>
        await _memory.FindAsync(FilesKey, cancellationToken) is { } text && FileSetDigest.TryParse(text, out var files) ? files : null;

    /// <summary>Stores the files; null clears them.</summary>
    public Task WriteAsync(FileSetDigest? files, CancellationToken cancellationToken) =>
        _memory.SaveAsync(FilesKey, files?.ToString(), cancellationToken);

    /// <summary>The snapshot that this machine wrote last, or null.</summary>
    public async Task<KnownSnapshot?> NewestAsync(CancellationToken cancellationToken) =>
        (await _memory.FindAsync(NewestKey, cancellationToken))?.Split(' ') is [var id, var time]
        && DateTimeOffset.TryParseExact(time, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var taken)
            ? new KnownSnapshot(id, taken)
            : null;

    /// <summary>Stores the snapshot that this machine wrote last.</summary>
    public Task SetNewestAsync(KnownSnapshot snapshot, CancellationToken cancellationToken) =>
        _memory.SaveAsync(NewestKey, string.Create(CultureInfo.InvariantCulture, $"{snapshot.Id} {snapshot.Taken:O}"), cancellationToken);

    /// <summary>Snapshots and keys that this machine was told to remove.</summary>
    public async Task<IReadOnlySet<string>> RemovedAsync(CancellationToken cancellationToken) =>
        (await _memory.FindAsync(RemovedKey, cancellationToken) ?? "").Split('\n').ToHashSet(StringComparer.Ordinal);

    /// <summary>Clears the removal of files that still exist: the removal did not happen, or the file was brought back.</summary>
    public async Task ForgetRemovedAsync(IReadOnlySet<string> present, CancellationToken cancellationToken)
    {
        var known = (await _memory.FindAsync(RemovedKey, cancellationToken) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (known.Any(present.Contains))
            await _memory.SaveAsync(RemovedKey, string.Join('\n', known.Where(id => !present.Contains(id))), cancellationToken);
    }

    /// <summary>Records that this machine removes snapshots or keys.</summary>
    public async Task AddRemovedAsync(IEnumerable<BlobId> files, CancellationToken cancellationToken)
    {
        var known = await _memory.FindAsync(RemovedKey, cancellationToken) ?? "";
        var all = known
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Concat(files.Select(id => id.ToString()))
            .Distinct()
            .TakeLast(MaxRemoved);
        await _memory.SaveAsync(RemovedKey, string.Join('\n', all), cancellationToken);
    }
}
