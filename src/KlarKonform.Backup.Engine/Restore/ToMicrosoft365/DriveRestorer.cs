using System.Collections.Concurrent;
using System.Text.Json;
using KlarKonform.Backup.Engine.Browsing;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Drives;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>
/// Puts files and folders back into a drive: with their times, verified by hash, and with their permissions if requested.
/// </summary>
/// <param name="context">The restore.</param>
/// <param name="place">The drive's owner, for the report.</param>
/// <param name="source">The resource's name in the snapshot, for the report.</param>
/// <param name="drives">Finds the drive of a path; null if the path is of nothing that a drive can hold.</param>
internal sealed class DriveRestorer(
    RestoreContext context,
    string place,
    string source,
    Func<IReadOnlyList<RestoreFolder>, CancellationToken, Task<DrivePlace?>> drives
) : IResourceRestorer
{
    private readonly DriveWriter _writer = new(context.Client);
    private readonly ConcurrentDictionary<string, Lazy<Task<Folder>>> _folders = new(StringComparer.Ordinal);

    public int Concurrency => 8;

    public void Dispose()
    {
        // There is nothing to release.
    }

    public string Place => place;

    public bool IsItem(SnapshotEntry entry) => !entry.Node.IsDirectory && entry.Node.Attribute(ItemMetadata.Attribute) is not null;

    public Task EnsureFolderAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken) =>
        FolderAsync(folders, cancellationToken);

    public async Task<RestoredItem?> RestoreAsync(RestoreItem item, CancellationToken cancellationToken)
    {
        var size = (long)item.Entry.Node.Size;

        // A file whose metadata cannot be read is still a file.
        if ((item.Type.Length > 0 && item.Type != "driveItem") || DriveItemJson.IsShortcut(item.Graph))
            return new RestoredItem(item.Entry.Path, place, size, RestoreOutcomes.Skipped)
            {
                Detail = Texts.Get("RestoreNotRestorable", item.Type),
            };
        if (await FolderAsync(item.Folders, cancellationToken) is not { } folder)
            return new RestoredItem(item.Entry.Path, place, size, RestoreOutcomes.Skipped)
            {
                Detail = Texts.Get("RestoreNotRestorable", item.Folders is [.., var last] ? last.Name : source),
            };
        var original = item.Graph.Text("name") is { Length: > 0 } real ? real : item.Entry.Node.Name;
        var name = DriveName.From(original);
        var target = $"{place}: {folder.Path}/{name}";
        if (context.TakePlace($"{folder.Drive}/{folder.Id}/{name}", item) is var claim and not RestoreContext.Claim.First)
            return claim == RestoreContext.Claim.Same ? null : RestoreContext.OtherVersion(item, target);
        var behavior = context.Request.Conflict switch
        {
            RestoreConflict.Replace => "replace",
            RestoreConflict.Rename => "rename",
            _ => "fail",
        };
        if (folder.Files.TryGetValue(name, out var present))
        {
            if (present.Size == size && (size == 0 || present.Hash == await HashAsync(item.Entry.Node, cancellationToken)))
                return new RestoredItem(item.Entry.Path, target, size, RestoreOutcomes.Skipped) { Detail = Texts.Get("RestoreIsSame") };
            if (behavior == "fail")
                return new RestoredItem(item.Entry.Path, target, size, RestoreOutcomes.Skipped)
                {
                    Detail = Texts.Get("RestoreIsDifferent"),
                };
        }

        var (written, hash) = await WriteAsync(folder, name, item, size, behavior, cancellationToken);
        if (written.ValueKind != JsonValueKind.Object)
            return new RestoredItem(item.Entry.Path, target, size, RestoreOutcomes.Skipped) { Detail = Texts.Get("RestoreIsDifferent") };
        var note = DriveItemJson.Hash(written) is { } arrived && arrived != hash ? Texts.Get("RestoreHashDiffers") : null;
        if (context.Cloud.Permissions)
            note = await RestorePermissionsAsync(folder.Drive, written.Text("id"), item.Metadata, cancellationToken) ?? note;
        if (name != original)
            note = $"{Texts.Get("RestoreRenamed", original, name)} {note}".TrimEnd();
        return new RestoredItem(item.Entry.Path, target, size, RestoreOutcomes.Restored) { Detail = note };
    }

    // Returns an undefined item if the name is taken after all, by something that appeared in the meantime.
    private async Task<(JsonElement Item, string Hash)> WriteAsync(
        Folder folder,
        string name,
        RestoreItem item,
        long size,
        string behavior,
        CancellationToken cancellationToken
    )
    {
        var info = item.Graph.Object("fileSystemInfo");
        var modified = DriveItemJson.ModifiedAt(item.Graph);
        var created = info.Time("createdDateTime") is var time && time != DateTimeOffset.UnixEpoch ? time : modified;
        var sent = "";
        for (var attempt = 1; ; attempt++)
        {
            await using var content = new NodeStream(context.Reader, item.Entry.Node);
            using var hashing = new HashingStream(content);
            try
            {
                return (
                    await _writer.WriteAsync(folder.Drive, folder.Id, name, hashing, size, created, modified, behavior, cancellationToken),
                    hashing.Hash
                );
            }
            catch (GraphException exception) when (exception.Status == System.Net.HttpStatusCode.Conflict && behavior == "fail")
            {
                // Perhaps it is the file of the previous attempt, whose response got lost.
                var arrived = attempt == 1 ? default : await FindAsync(folder, name, cancellationToken);
                return arrived.ValueKind == JsonValueKind.Object && DriveItemJson.Hash(arrived) == sent ? (arrived, sent) : (default, "");
            }
            catch (GraphException exception) when (exception.Code == "UploadSessionGone" && attempt < 3)
            {
                // The service has forgotten the session or ended it: start over.
                sent = hashing.Hash;
            }
        }
    }

    private async Task<JsonElement> FindAsync(Folder folder, string name, CancellationToken cancellationToken)
    {
        await foreach (var page in _writer.ChildrenAsync(folder.Drive, folder.Id, cancellationToken))
        {
            foreach (var item in page.Items.Where(item => string.Equals(item.Text("name"), name, StringComparison.OrdinalIgnoreCase)))
                return item.Clone();
        }

        return default;
    }

    private async Task<string> HashAsync(Node node, CancellationToken cancellationToken)
    {
        await using var content = new NodeStream(context.Reader, node);
        using var hashing = new HashingStream(content);
        await hashing.CopyToAsync(Stream.Null, cancellationToken);
        return hashing.Hash;
    }

    // Grants to people and sharing links; permissions inherited from a folder above are not the item's own.
    private async Task<string?> RestorePermissionsAsync(string drive, string id, JsonElement metadata, CancellationToken cancellationToken)
    {
        var lost = 0;
        foreach (var permission in metadata.Array("permissions"))
        {
            var roles = permission.Array("roles").Select(role => role.GetString()!).Where(role => role != "owner").ToArray();
            if (permission.TryGetProperty("inheritedFrom", out _) || roles.Length == 0)
                continue;
            try
            {
                if (permission.Object("link") is { ValueKind: JsonValueKind.Object } link)
                    await _writer.LinkAsync(drive, id, link.Text("type"), link.Text("scope"), cancellationToken);
                else if (RecipientOf(permission) is { } recipient)
                    await _writer.InviteAsync(drive, id, [recipient], roles, cancellationToken);
                else
                    lost++;
            }
            catch (GraphException exception) when (exception.Kind is GraphErrorKind.Other or GraphErrorKind.NotFound)
            {
                lost++; // A person who has left, or links that the tenant forbids: the file is restored nevertheless.
            }
        }

        return lost > 0 ? Texts.Get("RestorePermissionsLost", lost) : null;
    }

    private static object? RecipientOf(JsonElement permission)
    {
        var granted = permission.Object("grantedToV2") is { ValueKind: JsonValueKind.Object } given
            ? given
            : permission.Object("grantedTo");
        foreach (var kind in (string[])["user", "group"])
        {
            if (granted.Object(kind) is not { ValueKind: JsonValueKind.Object } person)
                continue;
            if (person.Text("email") is { Length: > 0 } email)
                return new { email };
            if (person.Text("id") is { Length: > 0 } objectId)
                return new { objectId };
        }

        return null;
    }

    // Null if the path is of nothing that a drive can hold.
    private async Task<Folder?> FolderAsync(IReadOnlyList<RestoreFolder> folders, CancellationToken cancellationToken)
    {
        if (await drives(folders, cancellationToken) is not var (drive, name, inside))
            return null;
        var key = $"{drive}/";
        var folder = await OnceAsync(key, () => OpenAsync(drive, null, "", name, cancellationToken));
        IEnumerable<string> path = inside.Select(each => DriveName.From(each.Name));
        foreach (var step in context.Cloud.Folder is { } top ? path.Prepend(DriveName.From(top)) : path)
        {
            var above = folder;
            key += "/" + step;
            folder = await OnceAsync(key, () => OpenAsync(drive, above, step, $"{above.Path}/{step}", cancellationToken));
        }

        return folder;
    }

    private async Task<Folder> OnceAsync(string key, Func<Task<Folder>> open)
    {
        var lazy = _folders.GetOrAdd(key.ToUpperInvariant(), _ => new Lazy<Task<Folder>>(open));
        try
        {
            return await lazy.Value;
        }
        catch
        {
            _folders.TryRemove(new KeyValuePair<string, Lazy<Task<Folder>>>(key.ToUpperInvariant(), lazy));
            throw;
        }
    }

    private async Task<Folder> OpenAsync(string drive, Folder? above, string name, string path, CancellationToken cancellationToken)
    {
        if (above is null)
            return await ReadAsync(drive, await _writer.RootAsync(drive, cancellationToken), path, cancellationToken);
        if (above.Folders.TryGetValue(name, out var present))
            return await ReadAsync(drive, present, path, cancellationToken);
        string? id = null;
        try
        {
            id = await IdempotentCreate.OnceAsync(
                token => _writer.CreateFolderAsync(drive, above.Id, name, token),
                async token => (await ReadAsync(drive, above.Id, above.Path, token)).Folders.GetValueOrDefault(name),
                context.Time,
                cancellationToken
            );
        }
        catch (GraphException exception) when (exception.Status == System.Net.HttpStatusCode.Conflict)
        {
            // Created by someone else in the meantime.
            id = (await ReadAsync(drive, above.Id, above.Path, cancellationToken)).Folders.GetValueOrDefault(name);
            if (id is null)
                throw;
            return await ReadAsync(drive, id, path, cancellationToken);
        }

        return new Folder(
            drive,
            id,
            path,
            new ConcurrentDictionary<string, string>(StringComparer.OrdinalIgnoreCase),
            new ConcurrentDictionary<string, (long, string?)>(StringComparer.OrdinalIgnoreCase)
        );
    }

    private async Task<Folder> ReadAsync(string drive, string id, string path, CancellationToken cancellationToken)
    {
        var folders = new ConcurrentDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var files = new ConcurrentDictionary<string, (long Size, string? Hash)>(StringComparer.OrdinalIgnoreCase);
        await foreach (var page in _writer.ChildrenAsync(drive, id, cancellationToken))
        {
            foreach (var item in page.Items)
            {
                if (DriveItemJson.IsFolder(item))
                    folders[item.Text("name")] = item.Text("id");
                else
                    files[item.Text("name")] = (DriveItemJson.Size(item), DriveItemJson.Hash(item));
            }
        }

        return new Folder(drive, id, path, folders, files);
    }

    private sealed record Folder(
        string Drive,
        string Id,
        string Path,
        ConcurrentDictionary<string, string> Folders,
        ConcurrentDictionary<string, (long Size, string? Hash)> Files
    );
}
