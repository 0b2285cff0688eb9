using System.Globalization;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>Streams files into the repository and proves on the way that what arrives is what Graph announced. Thread-safe.</summary>
internal sealed class FileReader(DriveApi drives, string drive, ResourceBackup run, DriveSettings settings)
{
    // Up to this size a stream takes twice its bytes of memory; above it, two buffers for the largest chunk in the repository's writer,
    // however full.
    private const long SmallFile = 512 << 10;
    private const long LargeStreamMemory = 16 << 20;

    // From this size on, a file is worth continuing after an interruption: by then it has several chunks.
    private const long LargeFile = 4 << 20;

    // SharePoint rewrites these on upload (property promotion), so that hash and size may describe different bytes than it serves.
    private static readonly HashSet<string> s_rewritten = new(StringComparer.OrdinalIgnoreCase)
    {
        ".docx",
        ".xlsx",
        ".pptx",
        ".docm",
        ".xlsm",
        ".pptm",
        ".doc",
        ".xls",
        ".ppt",
        ".one",
        ".onetoc2",
        ".aspx",
        ".msg",
        ".vsdx",
        ".heic",
    };

    private static readonly string s_hashOfNothing = new QuickXorHash().ToBase64();

    private int _different;
    private string? _differentExample;

    /// <summary>Files whose content did not match their metadata but were kept, and one example.</summary>
    public (int Count, string? Example) Different => (Volatile.Read(ref _different), _differentExample);

    /// <summary>
    /// Stores a file's content. The announced hash decides, if there is one; a wrong size with a correct hash is Graph's mistake. A
    /// mismatch is read once more and compared with fresh properties, because the file may have changed meanwhile. What arrives the same
    /// way twice, and may be what its name says, is kept and reported.
    /// </summary>
    /// <param name="key">The file's key in the index, under which the next run finds what is stored of a large file.</param>
    /// <param name="item">The file.</param>
    /// <param name="missing">Receives a note if the content differs from what was announced.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The content, and the fresh properties if they were needed; dispose them.</returns>
    /// <exception cref="GraphException"><see cref="GraphErrorKind.IntegrityMismatch"/>, or the content cannot be read.</exception>
    public async Task<(Node Node, JsonDocument? Current)> ReadAsync(
        string key,
        JsonElement item,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    )
    {
        var (id, name) = (item.Text("id"), item.Text("name"));
        JsonDocument? current = null;
        (ulong Size, string Hash)? before = null;
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var expected = current?.RootElement ?? item;
                var size = DriveItemJson.SizeOrNull(expected);
                var hash = DriveItemJson.Hash(expected);
                if (size == 0 && (hash is null || hash == s_hashOfNothing))
                    return (await run.SaveAsync(Stream.Null, DriveItemJson.ModifiedAt(expected), cancellationToken), current);
                var sample = new ContentSample();
                using var memory = await settings.Memory.TakeAsync(MemoryFor(size ?? LargeFile), cancellationToken);
                var (node, arrived) = size is null or < LargeFile
                    ? await ReadSmallAsync(expected, size ?? 0, sample, cancellationToken)
                    : await ReadLargeAsync(key, expected, size.Value, sample, cancellationToken);
                if (hash is not null ? hash == arrived : size is null || (long)node.Size == size)
                    return (node, current);
                if (attempt == 1)
                {
                    before = (node.Size, arrived);
                    current = await drives.ItemAsync(drive, id, cancellationToken);
                    continue;
                }

                var failure = new GraphException(
                    GraphErrorKind.IntegrityMismatch,
                    null,
                    "HashMismatch",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{node.Size} bytes with quickXorHash {arrived} arrived; "
                            + $"{size?.ToString(CultureInfo.InvariantCulture) ?? "?"} bytes with {hash ?? "no hash"} were announced."
                    )
                );
                var extension = Path.GetExtension(name);
                if (
                    (node.Size == 0 && size > 0)
                    || (
                        s_rewritten.Contains(extension)
                            ? !sample.IsDocument(extension, size)
                            : before != (node.Size, arrived) || sample.IsPageInDisguise(extension)
                    )
                )
                    throw failure; // If not a single byte arrives of a file that has some, there is no content.

                // SharePoint's own changes, or a permanently wrong hash with the right size, are worth a note; a different size is worth
                // more.
                if (!s_rewritten.Contains(extension) && size is not null && (long)node.Size != size)
                    missing.Add((Texts.Get("Extra_Proof"), failure));
                Interlocked.Increment(ref _different);
                _differentExample = name;
                return (node, current);
            }
        }
        catch
        {
            current?.Dispose();
            throw;
        }
    }

    private async Task<(Node Node, string Hash)> ReadSmallAsync(
        JsonElement item,
        long size,
        ContentSample sample,
        CancellationToken cancellationToken
    )
    {
        await using var content = new HashingStream(
            await drives.ContentAsync(drive, item.Text("id"), size, DriveItemJson.Address(item), 0, cancellationToken),
            sample
        );
        return (await run.SaveAsync(content, DriveItemJson.ModifiedAt(item), cancellationToken), content.Hash);
    }

    // After an interruption it continues at the last checkpoint.
    private async Task<(Node Node, string Hash)> ReadLargeAsync(
        string key,
        JsonElement item,
        long size,
        ContentSample sample,
        CancellationToken cancellationToken
    )
    {
        var partial = await run.Store.BeginPartialAsync(key, DriveItemJson.Version(item), cancellationToken);
        sample.Begin(partial.Size);
        await using var content = new HashingStream(
            await drives.ContentAsync(drive, item.Text("id"), size, DriveItemJson.Address(item), partial.Size, cancellationToken),
            sample
        );
        var node = await run.SaveAsync(content, partial, DriveItemJson.ModifiedAt(item), cancellationToken);

        // Right or wrong, there is nothing to continue: a wrong file is read from its start.
        run.Store.EndPartial(key);
        return (node, partial.Hash);
    }

    private static long MemoryFor(long size) => size <= SmallFile ? 2 * size : LargeStreamMemory;

    /// <summary>The contents of a file's newest older versions, as files next to it. What is stored already is not read again.</summary>
    /// <param name="item">The file.</param>
    /// <param name="versions">Its versions, newest first.</param>
    /// <param name="old">The stored file, or null.</param>
    /// <param name="missing">Receives what could not be read.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public async Task<IReadOnlyList<(string Suffix, Node Node)>> ReadVersionsAsync(
        JsonElement item,
        IReadOnlyList<JsonElement> versions,
        ItemEntry? old,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    )
    {
        var (id, name) = (item.Text("id"), item.Text("name"));
        var parts = new List<(string, Node)>();
        foreach (var version in versions.Skip(1).Take(settings.OlderVersions))
        {
            var number = SafeName.From(version.Text("id"));
            var suffix = $" [v{number} {SafeName.Mark(id)}]{SafeName.From(Path.GetExtension(name), "")}";
            if (
                old?.Parts?.FirstOrDefault(part => part.TrimStart('_') == suffix) is { } stored
                && await run.Store.FindNodeAsync(old with { Name = old.PartName(stored) }, cancellationToken) is { } node
            )
            {
                parts.Add((suffix, node));
                continue;
            }

            try
            {
                var size = DriveItemJson.Size(version);
                using var memory = await settings.Memory.TakeAsync(MemoryFor(size), cancellationToken);
                await using var content = await drives.VersionContentAsync(drive, id, version.Text("id"), size, cancellationToken);
                parts.Add((suffix, await run.SaveAsync(content, version.Time("lastModifiedDateTime"), cancellationToken)));
            }
            catch (GraphException exception) when (exception.Kind is GraphErrorKind.NotFound or GraphErrorKind.Other)
            {
                // SharePoint trims versions at any time; the list in the metadata says that this one existed.
                run.Note(Texts.Get("VersionGone", name, version.Text("id"), exception.Code), namesItem: true);
            }
            catch (Exception exception)
                when (Wall.Holds(exception, cancellationToken)
                    && exception is not GraphException { Kind: GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate }
                )
            {
                missing.Add((Texts.Get("Extra_Versions"), exception));
            }
        }

        return parts;
    }
}
