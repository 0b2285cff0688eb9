using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>A user's OneDrive, also that of a user who is gone as long as Graph serves it.</summary>
/// <param name="client">The way to Graph.</param>
/// <param name="user">The user.</param>
/// <param name="drive">The drive's id, where no user leads to it any more; else null.</param>
/// <param name="settings">What is read.</param>
internal sealed class OneDriveSource(GraphClient client, GraphUser user, string? drive, DriveSettings settings) : IResourceSource
{
    public string Kind => "OneDrive";

    public string ResourceId => user.Id;

    public string Name => user.UserPrincipalName;

    public IReadOnlyList<string> Path => ["OneDrive", SafeName.From(user.UserPrincipalName, user.Id)];

    public async Task RunAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        var api = new DriveApi(client);
        var id = drive ?? await api.UserDriveAsync(user.Id, cancellationToken).ConfigureAwait(false);
        try
        {
            await new DriveReader(api, id, "", "", run, settings).ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            // It was there a moment ago: the user was deleted, and the drive with it.
            throw new GraphException(GraphErrorKind.UserGone, exception.Status, exception.Code, exception.Message, exception);
        }
    }
}
