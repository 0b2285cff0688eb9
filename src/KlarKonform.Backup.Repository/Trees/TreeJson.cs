using System.Buffers;
using System.Text;
using System.Text.Json;
using KlarKonform.Backup.Repository.Json;

namespace KlarKonform.Backup.Repository.Trees;

/// <summary>Trees as JSON: <c>{"nodes":[…]}</c> and a newline, field by field as Go's encoder orders and writes them.</summary>
public static class TreeJson
{
    /// <summary>Orders node names as restic does: by their UTF-8 bytes.</summary>
    public static IComparer<string> NameOrder { get; } = Comparer<string>.Create(CompareNames);

    /// <summary>Writes a tree. The nodes must be sorted by <see cref="NameOrder"/> and have distinct names.</summary>
    public static void Write(IBufferWriter<byte> target, IEnumerable<Node> nodes)
    {
        GoJson.Write(target, "{\"nodes\":["u8);
        var first = true;
        foreach (var node in nodes)
        {
            if (!first)
                GoJson.WriteByte(target, (byte)',');
            first = false;
            Write(target, node);
        }

        GoJson.Write(target, "]}\n"u8);
    }

    /// <summary>Reads a tree.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public static List<Node> Read(ReadOnlySpan<byte> json) => Read(json, null);

    /// <summary>Reads a tree of which single nodes may be unreadable. Whoever writes the tree back must not: it would lose them.</summary>
    /// <param name="json">The tree.</param>
    /// <param name="faults">Takes the nodes that cannot be read; null makes the first of them an error.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public static List<Node> Read(ReadOnlySpan<byte> json, ICollection<TreeFault>? faults)
    {
        try
        {
            using var document = JsonDocument.Parse(json.ToArray());
            var nodes = new List<Node>();
            if (document.RootElement.TryGetProperty("nodes", out var list) && list.ValueKind == JsonValueKind.Array)
            {
                foreach (var element in list.EnumerateArray())
                {
                    try
                    {
                        nodes.Add(ReadNode(element));
                    }
                    catch (Exception exception) when (faults is not null && IsDamage(exception))
                    {
                        faults.Add(new TreeFault(NameOf(element), exception.Message));
                    }
                }
            }

            return nodes;
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            throw new RepositoryException(RepositoryErrorKind.Damaged, "A tree's JSON is damaged.", exception);
        }
    }

    private static bool IsDamage(Exception exception) =>
        exception is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or ArgumentException or OverflowException;

    private static string NameOf(JsonElement node)
    {
        try
        {
            return GoJson.Unquote(node.GetProperty("name").GetString() ?? "");
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            return "";
        }
    }

    private static void Write(IBufferWriter<byte> target, Node node)
    {
        GoJson.Write(target, "{\"name\":"u8);
        GoJson.WriteString(target, GoJson.Quote(node.Name));
        GoJson.Write(target, ",\"type\":"u8);
        GoJson.WriteString(target, node.Type);
        Number(target, ",\"mode\":"u8, node.Mode);
        Text(target, ",\"mtime\":"u8, node.ModTime.ToString());
        Text(target, ",\"atime\":"u8, node.AccessTime.ToString());
        Text(target, ",\"ctime\":"u8, node.ChangeTime.ToString());
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
        GoJson.WriteByte(target, (byte)'}');
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

    private static void Text(IBufferWriter<byte> target, ReadOnlySpan<byte> label, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return;
        GoJson.Write(target, label);
        GoJson.WriteString(target, value);
    }

    private static void Number(IBufferWriter<byte> target, ReadOnlySpan<byte> label, ulong value, bool always = false)
    {
        if (value == 0 && !always)
            return;
        GoJson.Write(target, label);
        GoJson.WriteNumber(target, value);
    }

    private static Node ReadNode(JsonElement element) => new()
    {
        Name = GoJson.Unquote(element.GetProperty("name").GetString() ?? ""),
        Type = element.GetProperty("type").GetString() ?? "",
        Mode = (uint)Number(element, "mode"),
        ModTime = Time(element, "mtime"),
        AccessTime = Time(element, "atime"),
        ChangeTime = Time(element, "ctime"),
        Uid = (uint)Number(element, "uid"),
        Gid = (uint)Number(element, "gid"),
        User = Text(element, "user"),
        Group = Text(element, "group"),
        Inode = Number(element, "inode"),
        DeviceId = Number(element, "device_id"),
        Size = Number(element, "size"),
        Links = Number(element, "links"),
        LinkTarget = Text(element, "linktarget"),
        LinkTargetRaw = element.TryGetProperty("linktarget_raw", out var raw) ? raw.GetBytesFromBase64() : null,
        ExtendedAttributes = element.TryGetProperty("extended_attributes", out var attributes) && attributes.ValueKind == JsonValueKind.Array
            ? [.. attributes.EnumerateArray().Select(attribute => new ExtendedAttribute(
                attribute.GetProperty("name").GetString() ?? "", attribute.TryGetProperty("value", out var value) && value.ValueKind == JsonValueKind.String ? value.GetBytesFromBase64() : []))]
            : null,
        GenericAttributes = element.TryGetProperty("generic_attributes", out var generic) ? generic.GetRawText() : null,
        Device = Number(element, "device"),
        Content = element.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array
            ? [.. content.EnumerateArray().Select(id => BlobId.Parse(id.GetString() ?? ""))]
            : null,
        Subtree = Text(element, "subtree") is { } subtree ? BlobId.Parse(subtree) : null,
        Error = Text(element, "error"),
    };

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static ulong Number(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetUInt64() : 0;

    private static NanoTime Time(JsonElement element, string name) => Text(element, name) is { } text ? NanoTime.Parse(text) : default;

    // UTF-8 order is code point order; UTF-16 order differs for characters beyond U+FFFF.
    private static int CompareNames(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        for (var i = 0; i < length; i++)
        {
            var (a, b) = (left[i], right[i]);
            if (a == b)
                continue;
            return char.IsSurrogate(a) != char.IsSurrogate(b) ? (char.IsSurrogate(a) ? 1 : -1) : a.CompareTo(b);
        }

        return left.Length.CompareTo(right.Length);
    }
}
