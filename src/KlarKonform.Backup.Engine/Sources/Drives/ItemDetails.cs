using System.Text.Json;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Drives;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>What delta does not say of an item and costs a request of its own. Thread-safe.</summary>
internal sealed class ItemDetails(DriveApi api, string drive, ResourceRun run, DriveSettings settings)
{
    /// <summary>Whether permissions must be read although nothing else changed: a new one changes neither eTag nor time, so of a shared item that is reported nobody knows why.</summary>
    public bool MustAskPermissions(JsonElement item) => settings.Permissions && DriveItemJson.IsShared(item);

    /// <summary>The item's own permissions and sharing links; null for none, or when they cannot be read.</summary>
    public async Task<IReadOnlyList<JsonElement>?> PermissionsAsync(JsonElement item, List<(string What, Exception Reason)> missing, CancellationToken cancellationToken)
    {
        if (!settings.Permissions || !DriveItemJson.IsShared(item))
            return null;
        try
        {
            return [.. (await api.PermissionsAsync(drive, item.Text("id"), cancellationToken).ConfigureAwait(false)).Where(each => !each.TryGetProperty("inheritedFrom", out _))];
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.AccessDenied)
        {
            run.Note(Texts.Get("PermissionsUnread", run.Source.Kind, run.Source.Name, exception.Code));
            return null;
        }
        catch (Exception exception) when (IsExtra(exception, cancellationToken))
        {
            missing.Add((Texts.Get("Extra_Permissions"), exception));
            return null;
        }
    }

    /// <summary>The file's row in its drive's list: content type, retention label (<c>_ComplianceTag</c>) and columns; null when it is not wanted or cannot be read.</summary>
    public async Task<IReadOnlyList<JsonElement>?> ColumnsAsync(JsonElement item, List<(string What, Exception Reason)> missing, CancellationToken cancellationToken)
    {
        if (!settings.Columns || !DriveItemJson.IsFile(item))
            return null;
        try
        {
            using var row = await api.ListItemAsync(drive, item.Text("id"), cancellationToken).ConfigureAwait(false);
            return [row.RootElement.Clone()];
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.AccessDenied)
        {
            run.Note(Texts.Get("ColumnsUnread", run.Source.Kind, run.Source.Name, exception.Code));
            return null;
        }
        catch (Exception exception) when (IsExtra(exception, cancellationToken))
        {
            missing.Add((Texts.Get("Extra_Columns"), exception));
            return null;
        }
    }

    /// <summary>The file's versions, the newest first; null for a file that was never changed.</summary>
    public async Task<IReadOnlyList<JsonElement>?> VersionsAsync(JsonElement item, List<(string What, Exception Reason)> missing, CancellationToken cancellationToken)
    {
        if (!(settings.VersionList || settings.OlderVersions > 0) || !DriveItemJson.IsFile(item) || !DriveItemJson.WasChanged(item))
            return null;
        try
        {
            return await api.VersionsAsync(drive, item.Text("id"), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsExtra(exception, cancellationToken))
        {
            missing.Add((Texts.Get("Extra_Versions"), exception));
            return null;
        }
    }

    // The file is stored whatever becomes of these. Gone, the whole is; and who may not sign in need not ask for the next one.
    private static bool IsExtra(Exception exception, CancellationToken cancellationToken) =>
        Wall.Holds(exception, cancellationToken) && exception is not GraphException { Kind: GraphErrorKind.SignInFailed or GraphErrorKind.UntrustedCertificate };
}
