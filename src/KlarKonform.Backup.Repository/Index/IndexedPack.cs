using System.Text.Json.Serialization;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>A pack in an index file.</summary>
internal sealed record IndexedPack(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("blobs")] IReadOnlyList<IndexedBlob> Blobs)
{
    private const string Tree = "tree";
    private const string Data = "data";

    public static IndexedPack Of(BlobId pack, IReadOnlyList<PackedBlob> blobs) => new(pack.ToString(), [.. blobs.Select(blob => new IndexedBlob
    {
        Id = blob.Id.ToString(),
        Type = blob.Kind == BlobKind.Tree ? Tree : Data,
        Offset = blob.Offset,
        Length = blob.Length,
        UncompressedLength = blob.UncompressedLength,
    })]);

    public (BlobId Pack, IReadOnlyList<PackedBlob> Blobs) Read() => (BlobId.Parse(Id), [.. Blobs.Select(blob => new PackedBlob(
        BlobId.Parse(blob.Id), blob.Type == Tree ? BlobKind.Tree : BlobKind.Data, blob.Offset, blob.Length, blob.UncompressedLength))]);
}
