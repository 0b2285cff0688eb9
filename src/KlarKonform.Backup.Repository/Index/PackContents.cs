using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>A pack and the blobs that an index lists in it.</summary>
internal readonly record struct PackContents(BlobId Pack, IReadOnlyList<PackedBlob> Blobs);
