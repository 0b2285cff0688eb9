using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.Shapes;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Drives;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>Stores a drive's items: content is compared by version, hash and size, properties as Graph sent them. Thread-safe.</summary>
/// <param name="run">The resource's run.</param>
/// <param name="keys">The items' keys.</param>
/// <param name="files">Reads content.</param>
/// <param name="details">Reads permissions, versions and columns.</param>
/// <param name="settings">What to read.</param>
internal sealed class DriveItemWriter(ResourceBackup run, DriveKeys keys, FileReader files, ItemDetails details, DriveSettings settings)
{
    private const string Unproven = "~";

    /// <summary>How an entry compares with what it should be. A file whose size is missing may have lost it: nothing else says how much
    /// content there is.</summary>
    public Verdict Judge(JsonElement item)
    {
        var verdict = GraphShapes.DriveItem.Judge(item, run.Now);
        if (DriveItemJson.IsFile(item) && DriveItemJson.SizeOrNull(item) is null)
            verdict = verdict with { Wrong = [.. verdict.Wrong, "size"] };
        var kinds =
            (DriveItemJson.IsFile(item) ? 1 : 0) + (DriveItemJson.IsFolder(item) ? 1 : 0) + (DriveItemJson.IsShortcut(item) ? 1 : 0);
        return kinds == 0 ? verdict with { Wrong = [.. verdict.Wrong, "file"] } : verdict;
    }

    /// <summary>Stores a folder, a file, a shortcut or an item of an unknown kind, as far as it differs from what is stored.</summary>
    /// <returns>False when its folder is unknown.</returns>
    public Task<bool> WriteAsync(JsonElement item, Verdict verdict, CancellationToken cancellationToken) =>
        DriveItemJson.IsFolder(item)
            ? WriteFolderAsync(item, verdict, cancellationToken)
            : WriteFileAsync(item, verdict, cancellationToken);

    private async Task<bool> WriteFolderAsync(JsonElement item, Verdict verdict, CancellationToken cancellationToken)
    {
        var missing = new List<(string What, Exception Reason)>();
        var entry = EntryOf(item, item.Text("name")) with { IsFolder = true };
        var old = await run.Store.FindAsync(entry.Id, cancellationToken);
        if (
            IsSame(old, entry)
            && !details.MustAskPermissions(item)
            && !run.IsDue(entry.Id)
            && (!run.Full || await IsAsStoredAsync(old!, item, cancellationToken))
        )
            return true;
        var attribute = ItemMetadata.Write(
            "driveItem",
            entry.Id,
            item,
            null,
            ("permissions", await details.PermissionsAsync(item, missing, cancellationToken))
        );
        var put = await run.Store.PutAsync(entry, null, attribute, cancellationToken);
        if (!put.IsSettled())
            return false;
        await run.JudgeAsync(entry.Id, entry.Parent, item.Text("name"), verdict, item, missing, cancellationToken);
        if (old is not null)
            run.CountUpdate();
        return true;
    }

    private async Task<bool> WriteFileAsync(JsonElement item, Verdict verdict, CancellationToken cancellationToken)
    {
        var missing = new List<(string What, Exception Reason)>();
        var shortcut = DriveItemJson.IsShortcut(item);
        var unknown = !shortcut && !DriveItemJson.IsFile(item);
        var entry = EntryOf(
            item,
            item.Text("name")
                + (
                    shortcut ? ".shortcut.json"
                    : unknown ? ".item.json"
                    : ""
                )
        ) with
        {
            Version = DriveItemJson.Version(item),
        };
        var old = await run.Store.FindAsync(entry.Id, cancellationToken);

        // Something about it failed before, and it is unknown whether it was the content: it is read again, because otherwise the failure
        // would be cleared unseen.
        var known = old is not null && old.Version == entry.Version && !run.HasDueFailure(entry.Id);
        if (
            known
            && IsSame(old, entry)
            && !details.MustAskPermissions(item)
            && !run.IsDue(entry.Id)
            && !run.Store.State.Failures.ContainsKey(entry.Id)
            && (!run.Full || await IsAsStoredAsync(old!, item, cancellationToken))
        )
            return true;
        ItemContent? content = null;
        JsonDocument? current = null;
        try
        {
            if (!known)
            {
                if (unknown)
                    run.Note(Texts.Get("UnknownItem", item.Text("name"), run.Source.Name), namesItem: true);
                var (node, fresh) =
                    shortcut || unknown
                        ? (await PropertiesAsync(item, shortcut, cancellationToken), null)
                        : await files.ReadAsync(entry.Id, item, missing, cancellationToken);
                (content, current) = (new ItemContent(node), fresh);
            }

            var final = current?.RootElement ?? item;
            var versions = await details.VersionsAsync(final, missing, cancellationToken);
            if (settings.OlderVersions > 0)
            {
                var parts = versions is null ? [] : await files.ReadVersionsAsync(final, versions, old, missing, cancellationToken);
                if (content is not null || parts.Count > 0)
                    content = new ItemContent(content?.Node ?? (await run.Store.FindNodeAsync(old!, cancellationToken))!, parts);
            }

            var attribute = ItemMetadata.Write(
                "driveItem",
                entry.Id,
                final,
                null,
                ("permissions", await details.PermissionsAsync(final, missing, cancellationToken)),
                ("versions", settings.VersionList ? versions : null),
                ("listItem", await details.ColumnsAsync(final, missing, cancellationToken))
            );
            entry = entry with { Version = DriveItemJson.Version(final), Properties = DriveItemJson.Properties(final) };

            // Unproven content is read again whenever the item is examined.
            if (missing.Any(each => each.Reason is GraphException { Kind: GraphErrorKind.IntegrityMismatch }))
                entry = entry with { Version = entry.Version + Unproven };
            var put = await run.Store.PutAsync(entry, content, attribute, cancellationToken);
            if (!put.IsSettled())
                return false;
            await run.JudgeAsync(
                entry.Id,
                entry.Parent,
                item.Text("name"),
                current is null ? verdict : Judge(final),
                final,
                missing,
                cancellationToken
            );
        }
        finally
        {
            current?.Dispose();
        }

        if (known)
            run.CountUpdate();
        else
            run.CountDownload();
        return true;
    }

    private ItemEntry EntryOf(JsonElement item, string name) =>
        new()
        {
            Id = keys.Of(item.Text("id")),
            Parent = keys.ParentOf(item),
            Name = SafeName.From(name),
            Properties = DriveItemJson.Properties(item),
        };

    private static bool IsSame(ItemEntry? old, ItemEntry entry) =>
        old is not null
        && old.Parent == entry.Parent
        && old.Properties == entry.Properties
        && (old.Name == entry.Name || old.Name == SafeName.WithMark(entry.Name, entry.Id));

    // -Full does not trust an eTag to vouch for the properties that came with it. A folder's size and count change with its contents, but
    // their kind does not.
    private async Task<bool> IsAsStoredAsync(ItemEntry old, JsonElement item, CancellationToken cancellationToken)
    {
        if (await run.Store.FindNodeAsync(old, cancellationToken) is not { } node)
            return false;
        using var stored = ItemMetadata.Read(node);
        var before = stored?.RootElement.Object("graph") ?? default;
        var isFolder = DriveItemJson.IsFolder(item);
        return before.ValueKind == JsonValueKind.Object
            && before
                .EnumerateObject()
                .Select(property => property.Name)
                .Union(item.EnumerateObject().Select(property => property.Name))
                .Where(name =>
                    !name.StartsWith('@')
                    && name is not ("id" or "root")
                    && !(isFolder && name is "size" or "folder" && IsOfOneKind(before, item, name))
                )
                .All(name => before.Written(name) == item.Written(name));
    }

    private static bool IsOfOneKind(JsonElement before, JsonElement item, string name) =>
        before.TryGetProperty(name, out var was) && item.TryGetProperty(name, out var now) && was.ValueKind == now.ValueKind;

    // A shortcut is stored as its target; an item of an unknown kind as its Graph properties.
    private Task<Repository.Trees.Node> PropertiesAsync(JsonElement item, bool isShortcut, CancellationToken cancellationToken) =>
        JsonFile.SaveAsync(
            run,
            isShortcut
                ? JsonFile.Write(item.GetProperty("remoteItem"))
                : JsonFile.Write(
                    item.EnumerateObject()
                        .Where(each => each.Name != DriveApi.AddressProperty)
                        .DistinctBy(each => each.Name)
                        .ToDictionary(each => each.Name, each => each.Value)
                ),
            DriveItemJson.ModifiedAt(item),
            cancellationToken
        );
}
