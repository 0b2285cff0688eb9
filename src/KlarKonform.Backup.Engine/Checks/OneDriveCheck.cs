using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Whether users' OneDrive can be read.</summary>
internal sealed class OneDriveCheck : UserCheck
{
    public override string Title => Texts.Get("Check_OneDrive");

    protected override Task ProbeAsync(GraphClient client, GraphUser user, CancellationToken cancellationToken) =>
        new DriveApi(client).UserDriveAsync(user.Id, cancellationToken);
}
