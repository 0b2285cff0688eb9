using KlarKonform.Backup.Engine.Runs.Checkpoints;
using KlarKonform.Backup.Engine.Runs.Progress;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Snapshots.Items;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Repository.Reading;

namespace KlarKonform.Backup.Engine.Runs.Batches;

/// <summary>Keeps what was backed up from a user or site that no longer exists, and tells the admin.</summary>
internal sealed class DepartedResources(RunContext context, SnapshotBuilder builder, RepositoryReader reader)
{
    public async Task NoteAsync(TenantInventory listing, CancellationToken cancellationToken)
    {
        if (await builder.PreviousAsync(SnapshotLayout.States, cancellationToken) is not { } resources)
            return;
        foreach (var node in await reader.ReadTreeAsync(resources, cancellationToken))
        {
            var dash = node.Name.IndexOf('-', StringComparison.Ordinal);
            if (
                dash < 0
                || listing.Known.Contains(node.Name[(dash + 1)..])
                || listing.Known.Contains(node.Name)
                || (!listing.SitesListed && node.Name.StartsWith("SharePoint-", StringComparison.Ordinal))
                || (!listing.UsersListed && !node.Name.StartsWith("SharePoint-", StringComparison.Ordinal))
            )
                continue;
            var gone = await ResourceStore.ReadStateAsync(reader, node.Subtree, cancellationToken);
            context.Note(ResourceEnding.Gone(gone.Kind, gone.Name));
        }
    }
}
