using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>A resource as a snapshot has it.</summary>
/// <param name="State">Its state, as <see cref="ResourceStore.ReadStateAsync"/> gives it.</param>
/// <param name="Content">Its content's tree, or null if there is none yet.</param>
/// <param name="StateRoot">Its state's tree, or null if there is none yet.</param>
internal sealed record StoredResource(ResourceState State, BlobId? Content, BlobId? StateRoot);
