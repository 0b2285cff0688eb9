using System.Buffers;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;

namespace KlarKonform.Backup.Repository.Trees;

/// <summary>A node as JSON, field by field in the order and form in which Go's encoder writes restic's Node.</summary>
internal static class NodeJson
{
    /// <summary>Writes a node; an unchanged one that another program wrote in its own way is written as it was.</summary>
    public static void Write(IBufferWriter<byte> target, Node node)
    {
        if (node.Foreign is { } foreign && foreign.IsStill(node))
        {
            GoJson.Write(target, foreign.Json);
            return;
        }

        GoJson.Write(target, "{\"name\":"u8);
        GoJson.WriteString(target, GoJson.Quote(node.Name));
        GoJson.Write(target, ",\"type\":"u8);
        GoJson.WriteString(target, node.Type);
        Number(target, ",\"mode\":"u8, node.Mode);
        Time(target, ",\"mtime\":\""u8, node.ModTime);
        Time(target, ",\"atime\":\""u8, node.AccessTime);
        Time(target, ",\"ctime\":\""u8, node.ChangeTime);
        Number(target, ",\"uid\":"u8, node.Uid, always: true);
        Number(target, ",\"gid\":"u8, node.Gid, always: true);
        Text(target, ",\"user\":"u8, node.User);
        Text(target, ",\"group\":"u8, node.Group);
        Number(target, ",\"inode\":"u8, node.Inode);
        Number(target, ",\"device_id\":"u8, node.DeviceId);
        Number(target, ",\"size\":"u8, node.Size);
        Number(target, ",\"links\":"u8, node.Links);
        Text(target, ",\"linktarget\":"u8, node.LinkTarget);
        if (node.LinkTargetRaw is { Length: > 0 } raw)
        {
            GoJson.Write(target, ",\"linktarget_raw\":"u8);
            GoJson.WriteBase64(target, raw);
        }

        WriteAttributes(target, node);
        Number(target, ",\"device\":"u8, node.Device);
        WriteContent(target, node.Content);
        if (node.Subtree is { } subtree)
            Text(target, ",\"subtree\":"u8, subtree.ToString());
        Text(target, ",\"error\":"u8, node.Error);
        if (node.Foreign is { } known)
            WriteUnknown(target, known.Json);
        GoJson.WriteByte(target, (byte)'}');
    }

    /// <summary>Reads a node, and keeps its JSON if ours would differ.</summary>
    /// <param name="json">The object, and nothing else.</param>
    /// <param name="room">Buffer for the comparison; its content is overwritten.</param>
    /// <exception cref="JsonException">Or another one of <see cref="TreeJson.IsDamage"/>: it is not a node.</exception>
    public static Node Read(ReadOnlySpan<byte> json, ArrayBufferWriter<byte> room)
    {
        var fields = new NodeFields();
        var reader = new Utf8JsonReader(json);
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!fields.TryRead(ref reader, json))
                Skip(ref reader);
        }

        var node = fields.ToNode();
        room.ResetWrittenCount();
        Write(room, node);
        return room.WrittenSpan.SequenceEqual(json) ? node : node with { Foreign = new ForeignNode(json.ToArray(), node) };
    }

    /// <summary>The name of something that is not a node, or an empty text if that is unreadable too.</summary>
    public static string NameOf(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("name"u8))
                    return reader.Read() ? GoJson.Unquote(reader.GetString() ?? "") : "";
                Skip(ref reader);
            }

            return "";
        }
        catch (Exception exception) when (TreeJson.IsDamage(exception))
        {
            return "";
        }
    }

    private static void WriteAttributes(IBufferWriter<byte> target, Node node)
    {
        if (node.ExtendedAttributes is { Count: > 0 } attributes)
        {
            GoJson.Write(target, ",\"extended_attributes\":["u8);
            for (var i = 0; i < attributes.Count; i++)
            {
                GoJson.Write(target, i == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
                GoJson.WriteString(target, attributes[i].Name);
                GoJson.Write(target, ",\"value\":"u8);
                GoJson.WriteBase64(target, attributes[i].Value);
                GoJson.WriteByte(target, (byte)'}');
            }

            GoJson.WriteByte(target, (byte)']');
        }

        if (node.GenericAttributes is { } generic)
        {
            GoJson.Write(target, ",\"generic_attributes\":"u8);
            GoJson.Write(target, Encoding.UTF8.GetBytes(generic));
        }
    }

    private static void WriteContent(IBufferWriter<byte> target, IReadOnlyList<BlobId>? content)
    {
        GoJson.Write(target, ",\"content\":"u8);
        if (content is null)
        {
            GoJson.Write(target, "null"u8);
            return;
        }

        GoJson.WriteByte(target, (byte)'[');
        for (var i = 0; i < content.Count; i++)
        {
            if (i > 0)
                GoJson.WriteByte(target, (byte)',');
            GoJson.WriteString(target, content[i].ToString());
        }

        GoJson.WriteByte(target, (byte)']');
    }

    // A changed node keeps what a newer program wrote about it.
    private static void WriteUnknown(IBufferWriter<byte> target, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (start, isKnown) = ((int)reader.TokenStartIndex, NodeFields.IsKnown(ref reader));
            Skip(ref reader);
            if (isKnown)
                continue;
            GoJson.WriteByte(target, (byte)',');
            GoJson.Write(target, json[start..(int)reader.BytesConsumed]);
        }
    }

    private static void Text(IBufferWriter<byte> target, ReadOnlySpan<byte> label, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return;
        GoJson.Write(target, label);
        GoJson.WriteString(target, value);
    }

    private static void Time(IBufferWriter<byte> target, ReadOnlySpan<byte> label, NanoTime value)
    {
        GoJson.Write(target, label);
        target.Advance(value.Format(target.GetSpan(NanoTime.MaxLength)));
        GoJson.WriteByte(target, (byte)'"');
    }

    private static void Number(IBufferWriter<byte> target, ReadOnlySpan<byte> label, ulong value, bool always = false)
    {
        if (value == 0 && !always)
            return;
        GoJson.Write(target, label);
        GoJson.WriteNumber(target, value);
    }

    private static void Skip(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static void Expect(bool condition)
    {
        if (!condition)
            throw new JsonException("A node has another structure than expected.");
    }
}
