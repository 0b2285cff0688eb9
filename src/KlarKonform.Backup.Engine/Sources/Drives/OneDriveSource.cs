using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Sources.Folders;
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
    private string? _drive;

    public string Kind => "OneDrive";

    public string ResourceId => user.Id;

    public string Name => user.UserPrincipalName;

    public IReadOnlyList<string> Path => ["OneDrive", SafeName.From(user.UserPrincipalName, user.Id)];

    public async Task RunAsync(ResourceRun run, CancellationToken cancellationToken)
    {
        var api = new DriveApi(client);
        _drive = drive ?? await api.UserDriveAsync(user.Id, cancellationToken).ConfigureAwait(false);
        await new DriveReader(api, _drive, "", "", run, settings, user.UserPrincipalName).ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        var api = new DriveApi(client);
        if (drive is null)
        {
            await MailboxProbe.AskAsync(token => _drive is null ? api.UserDriveAsync(user.Id, token) : api.ProbeAsync(_drive, token), client, user, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            await api.ProbeAsync(drive, cancellationToken).ConfigureAwait(false);
        }
        catch (GraphException exception) when (exception.Kind == GraphErrorKind.NotFound)
        {
            throw exception.OfResource(GraphErrorKind.UserGone); // Nobody is left who could miss it.
        }
    }
}
