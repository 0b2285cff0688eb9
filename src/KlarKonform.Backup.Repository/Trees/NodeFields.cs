using System.Text;
using System.Text.Json;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;

namespace KlarKonform.Backup.Repository.Trees;

/// <summary>A node's fields while its JSON is read. As in Go, null means absent, and of two equal fields the last one counts.</summary>
internal struct NodeFields
{
    private string? _name;
    private string? _type;
    private uint _mode;
    private NanoTime _modified;
    private NanoTime _accessed;
    private NanoTime _changed;
    private uint _uid;
    private uint _gid;
    private string? _user;
    private string? _group;
    private ulong _inode;
    private ulong _deviceId;
    private ulong _size;
    private ulong _links;
    private string? _linkTarget;
    private byte[]? _linkTargetRaw;
    private List<ExtendedAttribute>? _attributes;
    private string? _generic;
    private ulong _device;
    private BlobId[]? _content;
    private BlobId? _subtree;
    private string? _error;

    /// <summary>Whether the property whose name was read is a field of a node.</summary>
    public static bool IsKnown(ref Utf8JsonReader reader) => FieldOf(ref reader) != Field.Unknown;

    /// <summary>Reads the value of the property whose name was read; false if it is not a field of a node: then nothing was read.</summary>
    public bool TryRead(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var field = FieldOf(ref reader);
        if (field == Field.Unknown)
            return false;
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        switch (field)
        {
            case Field.Name:
                _name = GoJson.Unquote(reader.GetString()!);
                break;
            case Field.Type:
                _type = reader.GetString();
                break;
            case Field.Mode:
                _mode = reader.GetUInt32();
                break;
            case Field.Modified:
                _modified = NanoTime.Parse(reader.GetString()!);
                break;
            case Field.Accessed:
                _accessed = NanoTime.Parse(reader.GetString()!);
                break;
            case Field.Changed:
                _changed = NanoTime.Parse(reader.GetString()!);
                break;
            case Field.Uid:
                _uid = reader.GetUInt32();
                break;
            case Field.Gid:
                _gid = reader.GetUInt32();
                break;
            case Field.User:
                _user = reader.GetString();
                break;
            case Field.Group:
                _group = reader.GetString();
                break;
            case Field.Inode:
                _inode = reader.GetUInt64();
                break;
            case Field.DeviceId:
                _deviceId = reader.GetUInt64();
                break;
            case Field.Size:
                _size = reader.GetUInt64();
                break;
            case Field.Links:
                _links = reader.GetUInt64();
                break;
            case Field.LinkTarget:
                _linkTarget = reader.GetString();
                break;
            case Field.LinkTargetRaw:
                _linkTargetRaw = reader.GetBytesFromBase64();
                break;
            case Field.Attributes:
                _attributes = ReadAttributes(ref reader);
                break;
            case Field.Generic:
                _generic = ReadRaw(ref reader, json);
                break;
            case Field.Device:
                _device = reader.GetUInt64();
                break;
            case Field.Content:
                _content = ReadContent(ref reader);
                break;
            case Field.Subtree:
                _subtree = ReadId(ref reader);
                break;
            default:
                _error = reader.GetString();
                break;
        }

        return true;
    }

    /// <exception cref="JsonException">Name or type is missing.</exception>
    public readonly Node ToNode() =>
        new()
        {
            Name = _name ?? throw new JsonException("A node has no name."),
            Type = _type ?? throw new JsonException("A node has no type."),
            Mode = _mode,
            ModTime = _modified,
            AccessTime = _accessed,
            ChangeTime = _changed,
            Uid = _uid,
            Gid = _gid,
            User = _user,
            Group = _group,
            Inode = _inode,
            DeviceId = _deviceId,
            Size = _size,
            Links = _links,
            LinkTarget = _linkTarget,
            LinkTargetRaw = _linkTargetRaw,
            ExtendedAttributes = _attributes,
            GenericAttributes = _generic,
            Device = _device,
            Content = _content,
            Subtree = _subtree,
            Error = _error,
        };

    private static Field FieldOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("name"u8) ? Field.Name
        : reader.ValueTextEquals("type"u8) ? Field.Type
        : reader.ValueTextEquals("mode"u8) ? Field.Mode
        : reader.ValueTextEquals("mtime"u8) ? Field.Modified
        : reader.ValueTextEquals("atime"u8) ? Field.Accessed
        : reader.ValueTextEquals("ctime"u8) ? Field.Changed
        : reader.ValueTextEquals("uid"u8) ? Field.Uid
        : reader.ValueTextEquals("gid"u8) ? Field.Gid
        : reader.ValueTextEquals("user"u8) ? Field.User
        : reader.ValueTextEquals("group"u8) ? Field.Group
        : reader.ValueTextEquals("inode"u8) ? Field.Inode
        : reader.ValueTextEquals("device_id"u8) ? Field.DeviceId
        : reader.ValueTextEquals("size"u8) ? Field.Size
        : reader.ValueTextEquals("links"u8) ? Field.Links
        : reader.ValueTextEquals("linktarget"u8) ? Field.LinkTarget
        : reader.ValueTextEquals("linktarget_raw"u8) ? Field.LinkTargetRaw
        : reader.ValueTextEquals("extended_attributes"u8) ? Field.Attributes
        : reader.ValueTextEquals("generic_attributes"u8) ? Field.Generic
        : reader.ValueTextEquals("device"u8) ? Field.Device
        : reader.ValueTextEquals("content"u8) ? Field.Content
        : reader.ValueTextEquals("subtree"u8) ? Field.Subtree
        : reader.ValueTextEquals("error"u8) ? Field.Error
        : Field.Unknown;

    private static List<ExtendedAttribute> ReadAttributes(ref Utf8JsonReader reader)
    {
        Expect(reader.TokenType == JsonTokenType.StartArray);
        var attributes = new List<ExtendedAttribute>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(reader.TokenType == JsonTokenType.StartObject);
            var (name, value) = ("", Array.Empty<byte>());
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (isName, isValue) = (reader.ValueTextEquals("name"u8), reader.ValueTextEquals("value"u8));
                reader.Read();
                if (isName)
                    name = reader.GetString() ?? "";
                else if (isValue && reader.TokenType != JsonTokenType.Null)
                    value = reader.GetBytesFromBase64();
                else
                    reader.Skip();
            }

            attributes.Add(new ExtendedAttribute(name, value));
        }

        return attributes;
    }

    private static BlobId[] ReadContent(ref Utf8JsonReader reader)
    {
        Expect(reader.TokenType == JsonTokenType.StartArray);
        var content = new List<BlobId>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            content.Add(ReadId(ref reader));
        return [.. content];
    }

    private static BlobId ReadId(ref Utf8JsonReader reader)
    {
        Expect(reader.TokenType == JsonTokenType.String);
        return BlobId.TryParse(reader.ValueSpan, out var id) ? id : throw new FormatException($"'{reader.GetString()}' is no id.");
    }

    private static string ReadRaw(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return Encoding.UTF8.GetString(json[start..(int)reader.BytesConsumed]);
    }

    private static void Expect(bool condition)
    {
        if (!condition)
            throw new JsonException("A node has another structure than expected.");
    }

    private enum Field
    {
        Unknown,
        Name,
        Type,
        Mode,
        Modified,
        Accessed,
        Changed,
        Uid,
        Gid,
        User,
        Group,
        Inode,
        DeviceId,
        Size,
        Links,
        LinkTarget,
        LinkTargetRaw,
        Attributes,
        Generic,
        Device,
        Content,
        Subtree,
        Error,
    }
}
