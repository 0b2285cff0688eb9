using KlarKonform.Backup.Engine.Formats;
using KlarKonform.Backup.Engine.Sources.Resources;
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
    private readonly bool _isLeft = drive is not null;
    private string? _drive = drive;
    private string _id = user.Id;

    public string Kind => "OneDrive";

    /// <summary>The drive's id, once it is known.</summary>
    public string? Drive => _drive;

    public string ResourceId => _id;

    /// <summary>Of a drive that was backed up under another id: when its user was there, or when the service named its owner.</summary>
    public void Continue(string id) => _id = id;

    public string Name => user.UserPrincipalName;

    public IReadOnlyList<string> Path => ["OneDrive", SafeName.From(user.UserPrincipalName, user.Id)];

    public async Task RunAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        var api = new DriveApi(client);
        _drive ??= await api.UserDriveAsync(user.Id, cancellationToken).ConfigureAwait(false);
        try
        {
            await new DriveReader(api, _drive, "", "", run, settings, user.UserPrincipalName).ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (PartIncompleteException exception)
        {
            // The drive is the one part that there is: what was read of it is stored.
            await run.FailAsync("drive:" + _drive, "", user.UserPrincipalName, exception.Problem, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        var api = new DriveApi(client);
        if (!_isLeft)
        {
            await MailboxProbe.AskAsync(token => _drive is null ? api.UserDriveAsync(user.Id, token) : api.ProbeAsync(_drive, token), client, user, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            await api.ProbeAsync(_drive!, cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            throw exception.OfResource(GraphErrorKind.UserGone); // Nobody is left who could miss it.
        }
    }
}
