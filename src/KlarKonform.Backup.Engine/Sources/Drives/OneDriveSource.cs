using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.Drives;

/// <summary>A user's OneDrive, including that of a deleted user as long as Graph serves it.</summary>
/// <param name="client">Access to Graph.</param>
/// <param name="user">The user.</param>
/// <param name="drive">The drive's id, if no user leads to it any more; otherwise null.</param>
/// <param name="settings">What to read.</param>
internal sealed class OneDriveSource(GraphClient client, GraphUser user, string? drive, DriveSettings settings) : IResourceSource
{
    private readonly bool _isLeft = drive is not null;
    private string? _drive = drive;
    private string _id = user.Id;

    public string Kind => ResourceKinds.OneDrive;

    /// <summary>The drive's id, once it is known.</summary>
    public string? Drive => _drive;

    public string ResourceId => _id;

    /// <summary>
    /// Continues a drive that was backed up under another id: when its user still existed, or when the service named its owner.
    /// </summary>
    public void Continue(string id) => _id = id;

    public string Name => user.UserPrincipalName;

    public IReadOnlyList<string> Path => SnapshotLayout.ContentPath(Kind, SafeName.From(user.UserPrincipalName, user.Id));

    public async Task RunAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        var api = new DriveApi(client);
        _drive ??= await api.UserDriveAsync(user.Id, cancellationToken);
        try
        {
            await new DriveReader(api, _drive, "", "", run, settings, user.UserPrincipalName).ReadAsync(cancellationToken);
        }
        catch (PartIncompleteException exception)
        {
            // The drive is the only part there is: what was read of it is stored.
            await run.FailAsync("drive:" + _drive, "", user.UserPrincipalName, exception.Problem, cancellationToken);
        }
    }

    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        var api = new DriveApi(client);
        if (!_isLeft)
        {
            await MailboxProbe.AskAsync(
                token => _drive is null ? api.UserDriveAsync(user.Id, token) : api.ProbeAsync(_drive, token),
                client,
                user,
                cancellationToken
            );
            return;
        }

        try
        {
            await api.ProbeAsync(_drive!, cancellationToken);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            throw exception.OfResource(GraphErrorKind.ResourceGone); // No one is left who could miss it.
        }
    }
}
