using System.Buffers;
using System.Text.Json;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;

namespace KlarKonform.Backup.Repository.Trees;

/// <summary>Trees as JSON: <c>{"nodes":[…]}</c> and a newline, field by field in the order and form of Go's encoder.</summary>
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
            NodeJson.Write(target, node);
        }

        GoJson.Write(target, "]}\n"u8);
    }

    /// <summary>Reads a tree. Writing it back gives the same bytes, even for what other programs wrote in their own ways.</summary>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public static List<Node> Read(ReadOnlySpan<byte> json) => Read(json, null);

    /// <summary>Reads a tree of which single nodes may be unreadable. It must not be written back: that would lose them.</summary>
    /// <param name="json">The tree.</param>
    /// <param name="faults">Receives the nodes that cannot be read; if null, the first fault is an error.</param>
    /// <exception cref="RepositoryException"><see cref="RepositoryErrorKind.Damaged"/>.</exception>
    public static List<Node> Read(ReadOnlySpan<byte> json, ICollection<TreeFault>? faults)
    {
        try
        {
            var nodes = new List<Node>();
            var room = new ArrayBufferWriter<byte>(1024);
            var reader = new Utf8JsonReader(json);
            Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                    continue; // The end of the root.
                var isList = reader.ValueTextEquals("nodes"u8);
                Expect(reader.Read());
                if (!isList || reader.TokenType != JsonTokenType.StartArray)
                {
                    reader.Skip();
                    continue;
                }

                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    if (Read(json[start..(int)reader.BytesConsumed], room, faults) is { } node)
                        nodes.Add(node);
                }
            }

            return nodes;
        }
        catch (Exception exception) when (IsDamage(exception))
        {
            throw new RepositoryException(RepositoryErrorKind.Damaged, "A tree's JSON is damaged.", exception);
        }
    }

    private static Node? Read(ReadOnlySpan<byte> json, ArrayBufferWriter<byte> room, ICollection<TreeFault>? faults)
    {
        try
        {
            return NodeJson.Read(json, room);
        }
        catch (Exception exception) when (faults is not null && IsDamage(exception))
        {
            faults.Add(new TreeFault(NodeJson.NameOf(json), exception.Message));
            return null;
        }
    }

    internal static bool IsDamage(Exception exception) =>
        exception is JsonException or FormatException or InvalidOperationException or ArgumentException or OverflowException;

    private static void Expect(bool condition)
    {
        if (!condition)
            throw new JsonException("A tree has another structure than expected.");
    }

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
