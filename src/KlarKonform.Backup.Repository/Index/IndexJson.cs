using System.Text.Json;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;
using KlarKonform.Backup.Repository.Packs;

namespace KlarKonform.Backup.Repository.Index;

/// <summary>
/// A file below <c>index/</c>: which blobs are in which packs (restic's doc/design.rst, "Indexing"). Written and read without one object
/// per blob: a repository has millions. <c>supersedes</c>, the names of files that an index replaces, is for programs that were interrupted
/// before they could delete those; like restic, we read every file that exists. <c>packs_to_delete</c> with the time since when is rustic's
/// addition (rustic_core's repofile/indexfile.rs): packs that nothing needs and that still exist. restic ignores it.
/// </summary>
internal static class IndexJson
{
    /// <summary>
    /// An index file of this many blobs takes about four megabytes of memory to write and to read; restic's own hold up to 50,000.
    /// </summary>
    internal const int BlobsPerIndex = 25_000;

    /// <summary>
    /// Blobs of an index file for trees and state: its files are told from others, and read first, because they are small.
    /// </summary>
    internal const int MetadataBlobsPerIndex = 4_000;

    // Text that waits to be written.
    private const int Piece = 64 * 1024;

    private static readonly JsonEncodedText s_packs = JsonEncodedText.Encode("packs");
    private static readonly JsonEncodedText s_retired = JsonEncodedText.Encode("packs_to_delete");
    private static readonly JsonEncodedText s_time = JsonEncodedText.Encode("time");
    private static readonly JsonEncodedText s_blobs = JsonEncodedText.Encode("blobs");
    private static readonly JsonEncodedText s_id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText s_type = JsonEncodedText.Encode("type");
    private static readonly JsonEncodedText s_tree = JsonEncodedText.Encode("tree");
    private static readonly JsonEncodedText s_data = JsonEncodedText.Encode("data");
    private static readonly JsonEncodedText s_offset = JsonEncodedText.Encode("offset");
    private static readonly JsonEncodedText s_length = JsonEncodedText.Encode("length");
    private static readonly JsonEncodedText s_uncompressedLength = JsonEncodedText.Encode("uncompressed_length");

    public static void Write(Stream target, IReadOnlyCollection<PackContents> packs)
    {
        using var json = new Utf8JsonWriter(target);
        json.WriteStartObject();
        WritePacks(json, s_packs, packs.Where(pack => pack.Retired is null));
        if (packs.Any(pack => pack.Retired is not null))
            WritePacks(json, s_retired, packs.Where(pack => pack.Retired is not null));
        json.WriteEndObject();
    }

    private static void WritePacks(Utf8JsonWriter json, JsonEncodedText name, IEnumerable<PackContents> packs)
    {
        Span<byte> hex = stackalloc byte[BlobId.Size * 2];
        json.WriteStartArray(name);
        foreach (var pack in packs)
        {
            json.WriteStartObject();
            pack.Pack.Format(hex);
            json.WriteString(s_id, hex);
            if (pack.Retired is { } since)
                json.WriteString(s_time, since);
            json.WriteStartArray(s_blobs);
            foreach (var blob in pack.Blobs)
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
    }

    /// <exception cref="JsonException">The text is not an index.</exception>
    public static List<PackContents> Read(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text);
        Expect(json.Read() && json.TokenType == JsonTokenType.StartObject);
        List<PackContents>? packs = null;
        var retired = new List<PackContents>();
        while (Next(ref json))
        {
            if (json.ValueTextEquals(s_packs.EncodedUtf8Bytes))
                (packs ??= []).AddRange(ReadPacks(ref json, areRetired: false));
            else if (json.ValueTextEquals(s_retired.EncodedUtf8Bytes))
                retired.AddRange(ReadPacks(ref json, areRetired: true));
            else
                Skip(ref json);
        }

        if (packs is null)
            throw new JsonException("An index has no list of packs.");
        packs.AddRange(retired);
        return packs;
    }

    private static List<PackContents> ReadPacks(ref Utf8JsonReader json, bool areRetired)
    {
        var packs = new List<PackContents>();
        Expect(json.Read() && json.TokenType is JsonTokenType.StartArray or JsonTokenType.Null);
        while (json.TokenType != JsonTokenType.Null && json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            Expect(json.TokenType == JsonTokenType.StartObject);
            BlobId? id = null;
            List<PackedBlob>? blobs = null;
            DateTimeOffset? since = null;
            while (Next(ref json))
            {
                if (json.ValueTextEquals(s_id.EncodedUtf8Bytes))
                    id = ReadId(ref json);
                else if (json.ValueTextEquals(s_blobs.EncodedUtf8Bytes))
                    blobs = ReadBlobs(ref json);
                else if (areRetired && json.ValueTextEquals(s_time.EncodedUtf8Bytes))
                    since = ReadTime(ref json);
                else
                    Skip(ref json);
            }

            Expect(id is not null && blobs is not null);

            // Without a time its age is unknown: for the reader it has just been retired.
            packs.Add(new PackContents(id!.Value, blobs!) { Retired = areRetired ? since ?? DateTimeOffset.MaxValue : null });
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
            uint? offset = null,
                length = null;
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

    // Moves to the next property's name, or returns false at the end of the object.
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

    private static DateTimeOffset? ReadTime(ref Utf8JsonReader json)
    {
        Expect(json.Read());
        try
        {
            if (json.TokenType == JsonTokenType.String)
                return NanoTime.Parse(json.GetString()!).Moment;
        }
        catch (FormatException)
        {
            return null;
        }

        json.Skip();
        return null;
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
