using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Graph.Http;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;

/// <summary>Opens the places that a configuration names.</summary>
internal sealed class DropLocations(TargetFactory targets, GraphClient client)
{
    public async Task<IDropLocation> OpenAsync(WhatsAppExportSettings export, CancellationToken cancellationToken) =>
        export.OneDrive is { } folder ? new OneDriveLocation(client, folder) : await OpenAsync(export.Location!, cancellationToken);

    public async Task<IDropLocation> OpenAsync(TargetSettings location, CancellationToken cancellationToken) =>
        new StoreLocation(await targets.OpenAsync(location, cancellationToken));
}
