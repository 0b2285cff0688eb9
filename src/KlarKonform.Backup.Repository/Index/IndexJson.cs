using System.Text.Json;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>
/// A file below <c>index/</c>: which blobs lie in which packs (restic's doc/design.rst, "Indexing"). Written and read without an object
/// a blob: a repository has millions. <c>supersedes</c>, the names of files that an index replaces, is for programs that were cut
/// before they could delete those; as restic does, every file that is there is read.
/// </summary>
internal static class IndexJson
{
    // Text that waits to be written.
    private const int Piece = 64 * 1024;

    private static readonly JsonEncodedText s_packs = JsonEncodedText.Encode("packs");
    private static readonly JsonEncodedText s_blobs = JsonEncodedText.Encode("blobs");
    private static readonly JsonEncodedText s_id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText s_type = JsonEncodedText.Encode("type");
    private static readonly JsonEncodedText s_tree = JsonEncodedText.Encode("tree");
    private static readonly JsonEncodedText s_data = JsonEncodedText.Encode("data");
    private static readonly JsonEncodedText s_offset = JsonEncodedText.Encode("offset");
    private static readonly JsonEncodedText s_length = JsonEncodedText.Encode("length");
    private static readonly JsonEncodedText s_uncompressedLength = JsonEncodedText.Encode("uncompressed_length");

    public static void Write(Stream target, IEnumerable<PackContents> packs)
    {
        using var json = new Utf8JsonWriter(target);
        Span<byte> hex = stackalloc byte[BlobId.Size * 2];
        json.WriteStartObject();
        json.WriteStartArray(s_packs);
        foreach (var (pack, blobs) in packs)
        {
            json.WriteStartObject();
            pack.Format(hex);
            json.WriteString(s_id, hex);
            json.WriteStartArray(s_blobs);
            foreach (var blob in blobs)
            {
                json.WriteStartObject();
                blob.Id.Format(hex);
                json.WriteString(s_id, hex);
                json.WriteString(s_type, blob.Kind == BlobKind.Tree ? s_tree : s_data);
                json.WriteNumber(s_offset, blob.Offset);
                json.WriteNumber(s_length, blob.Length);
                if (blob.UncompressedLength != 0)
                    json.WriteNumber(s_uncompressedLength, blob.UncompressedLength);
                json.WriteEndObject();
                if (json.BytesPending >= Piece)
                    json.Flush();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <exception cref="JsonException">The text is no index.</exception>
    public static List<PackContents> Read(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text);
        Expect(json.Read() && json.TokenType == JsonTokenType.StartObject);
        List<PackContents>? packs = null;
        while (Next(ref json))
        {
            if (json.ValueTextEquals(s_packs.EncodedUtf8Bytes))
                packs = ReadPacks(ref json);
            else
                Skip(ref json);
        }

        return packs ?? throw new JsonException("An index has no list of packs.");
    }

    private static List<PackContents> ReadPacks(ref Utf8JsonReader json)
    {
        var packs = new List<PackContents>();
        Expect(json.Read() && json.TokenType is JsonTokenType.StartArray or JsonTokenType.Null);
        while (json.TokenType != JsonTokenType.Null && json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            Expect(json.TokenType == JsonTokenType.StartObject);
            BlobId? id = null;
            List<PackedBlob>? blobs = null;
            while (Next(ref json))
            {
                if (json.ValueTextEquals(s_id.EncodedUtf8Bytes))
                    id = ReadId(ref json);
                else if (json.ValueTextEquals(s_blobs.EncodedUtf8Bytes))
                    blobs = ReadBlobs(ref json);
                else
                    Skip(ref json);
            }

            Expect(id is not null && blobs is not null);
            packs.Add(new PackContents(id!.Value, blobs!));
        }

        return packs;
    }

    private static List<PackedBlob> ReadBlobs(ref Utf8JsonReader json)
    {
        var blobs = new List<PackedBlob>();
        Expect(json.Read() && json.TokenType is JsonTokenType.StartArray or JsonTokenType.Null);
        while (json.TokenType != JsonTokenType.Null && json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            Expect(json.TokenType == JsonTokenType.StartObject);
            BlobId? id = null;
            BlobKind? kind = null;
            uint? offset = null, length = null;
            uint uncompressed = 0;
            while (Next(ref json))
            {
                if (json.ValueTextEquals(s_id.EncodedUtf8Bytes))
                    id = ReadId(ref json);
                else if (json.ValueTextEquals(s_offset.EncodedUtf8Bytes))
                    offset = ReadNumber(ref json);
                else if (json.ValueTextEquals(s_length.EncodedUtf8Bytes))
                    length = ReadNumber(ref json);
                else if (json.ValueTextEquals(s_uncompressedLength.EncodedUtf8Bytes))
                    uncompressed = ReadNumber(ref json);
                else if (json.ValueTextEquals(s_type.EncodedUtf8Bytes))
                    kind = ReadKind(ref json);
                else
                    Skip(ref json);
            }

            Expect(id is not null && kind is not null && offset is not null && length is not null);
            var blob = new PackedBlob(id!.Value, kind!.Value, offset!.Value, length!.Value, uncompressed);
            Expect(blob.IsPossible);
            blobs.Add(blob);
        }

        return blobs;
    }

    // Moves to the next property's name, or returns false at the object's end.
    private static bool Next(ref Utf8JsonReader json)
    {
        Expect(json.Read());
        return json.TokenType == JsonTokenType.PropertyName;
    }

    private static void Skip(ref Utf8JsonReader json)
    {
        json.Read();
        json.Skip();
    }

    private static BlobId ReadId(ref Utf8JsonReader json)
    {
        Expect(json.Read() && json.TokenType == JsonTokenType.String);
        return BlobId.TryParse(json.ValueSpan, out var id) ? id : throw new JsonException("An index holds something that is no id.");
    }

    private static uint ReadNumber(ref Utf8JsonReader json)
    {
        Expect(json.Read() && json.TokenType == JsonTokenType.Number);
        return json.TryGetUInt32(out var number) ? number : throw new JsonException("An index holds a number out of range.");
    }

    private static BlobKind ReadKind(ref Utf8JsonReader json)
    {
        Expect(json.Read() && json.TokenType == JsonTokenType.String);
        return json.ValueTextEquals(s_tree.EncodedUtf8Bytes) ? BlobKind.Tree
            : json.ValueTextEquals(s_data.EncodedUtf8Bytes) ? BlobKind.Data
            : throw new JsonException("An index names an unknown type of blob.");
    }

    private static void Expect(bool condition)
    {
        if (!condition)
            throw new JsonException("An index has another structure than expected.");
    }
}
