using System.Collections.Concurrent;
using System.Text.Json;
using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Drives;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>Details of an item that delta does not return and that cost a request of their own. Thread-safe.</summary>
internal sealed class ItemDetails(DriveApi api, string drive, ResourceBackup run, DriveSettings settings)
{
    // Whether the request fails for the drive's root too, by kind of request.
    private readonly ConcurrentDictionary<string, bool> _refused = new(StringComparer.Ordinal);

    /// <summary>
    /// Whether permissions must be read although nothing else changed: a new permission changes neither eTag nor time, so the reason why a
    /// shared item is reported is unknown.
    /// </summary>
    public bool MustAskPermissions(JsonElement item) => settings.Permissions && DriveItemJson.IsShared(item);

    /// <summary>The item's own permissions and sharing links; null if there are none, or they cannot be read.</summary>
    public Task<IReadOnlyList<JsonElement>?> PermissionsAsync(
        JsonElement item,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    ) =>
        settings.Permissions && DriveItemJson.IsShared(item)
            ? AskAsync(
                "permissions",
                Texts.Get("Extra_Permissions"),
                "PermissionsUnread",
                item,
                missing,
                PermissionsAsync,
                cancellationToken
            )
            : Task.FromResult<IReadOnlyList<JsonElement>?>(null);

    /// <summary>
    /// The file's row in its drive's list: content type, retention label (<c>_ComplianceTag</c>) and columns; null if not requested or not
    /// readable.
    /// </summary>
    public Task<IReadOnlyList<JsonElement>?> ColumnsAsync(
        JsonElement item,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    ) =>
        settings.Columns && DriveItemJson.IsFile(item)
            ? AskAsync("columns", Texts.Get("Extra_Columns"), "ColumnsUnread", item, missing, RowAsync, cancellationToken)
            : Task.FromResult<IReadOnlyList<JsonElement>?>(null);

    private async Task<IReadOnlyList<JsonElement>> PermissionsAsync(string id, CancellationToken cancellationToken) =>
        [.. (await api.PermissionsAsync(drive, id, cancellationToken)).Where(each => !each.TryGetProperty("inheritedFrom", out _))];

    private async Task<IReadOnlyList<JsonElement>> RowAsync(string id, CancellationToken cancellationToken)
    {
        using var row = await api.ListItemAsync(drive, id, cancellationToken);
        return [row.RootElement.Clone()];
    }

    private async Task<IReadOnlyList<JsonElement>?> AskAsync(
        string kind,
        string what,
        string note,
        JsonElement item,
        List<(string What, Exception Reason)> missing,
        Func<string, CancellationToken, Task<IReadOnlyList<JsonElement>>> ask,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await ask(item.Text("id"), cancellationToken);
        }
        catch (Exception exception) when (IsExtra(exception, cancellationToken))
        {
            // What the app may not request at all is reported once; a refusal for this one item is the item's own.
            if (
                exception is GraphException { Kind: GraphErrorKind.AccessDenied } refusal
                && await IsOfTheAppAsync(kind, ask, cancellationToken)
            )
                run.Note(Texts.Get(note, run.Source.Kind, run.Source.Name, refusal.Code));
            else
                missing.Add((what, exception));
            return null;
        }
    }

    private async Task<bool> IsOfTheAppAsync(
        string kind,
        Func<string, CancellationToken, Task<IReadOnlyList<JsonElement>>> ask,
        CancellationToken cancellationToken
    )
    {
        if (_refused.TryGetValue(kind, out var known))
            return known;
        var isRefused = false;
        try
        {
            await ask("root", cancellationToken);
        }
        catch (Exception exception) when (IsExtra(exception, cancellationToken))
        {
            isRefused = exception is GraphException { Kind: GraphErrorKind.AccessDenied };
        }

        return _refused[kind] = isRefused;
    }

    /// <summary>The file's versions, newest first; null for a file that was never changed.</summary>
    public async Task<IReadOnlyList<JsonElement>?> VersionsAsync(
        JsonElement item,
        List<(string What, Exception Reason)> missing,
        CancellationToken cancellationToken
    )
    {
        if (!(settings.VersionList || settings.OlderVersions > 0) || !DriveItemJson.IsFile(item) || !DriveItemJson.WasChanged(item))
            return null;
        try
        {
            return await api.VersionsAsync(drive, item.Text("id"), cancellationToken);
        }
        catch (Exception exception) when (IsExtra(exception, cancellationToken))
        {
            missing.Add((Texts.Get("Extra_Versions"), exception));
            return null;
        }
    }

    // The file is stored regardless of these. But if the resource is gone, all of it is; and if sign-in fails, the next request is
    // pointless.
    private static bool IsExtra(Exception exception, CancellationToken cancellationToken) =>
        Wall.Holds(exception, cancellationToken)
        && exception is not GraphException { Kind: GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate };
}
