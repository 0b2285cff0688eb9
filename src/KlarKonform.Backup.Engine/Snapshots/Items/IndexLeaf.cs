using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace KlarKonform.Backup.Engine.Snapshots.Items;

/// <summary>
/// A file of the item index: one line of JSON per entry. Entries stay bytes, each under its id's hash, until one is requested: a mailbox
/// with hundreds of thousands of mails passes through here without becoming objects. Not thread-safe.
/// </summary>
/// <param name="prefix">The digits with which all its keys begin.</param>
internal sealed class IndexLeaf(string prefix)
{
    /// <summary>Digits of a key in the trie.</summary>
    public const int Digits = 32;

    private readonly Dictionary<UInt128, ReadOnlyMemory<byte>> _lines = [];

    public string Prefix => prefix;

    public int Count => _lines.Count;

    /// <summary>The key of an id: its hash.</summary>
    public static UInt128 KeyOf(string id) => KeyOf(Encoding.UTF8.GetBytes(id));

    /// <summary>The key's digit at a depth.</summary>
    public static char Digit(UInt128 key, int depth) => "0123456789abcdef"[(int)(key >> (4 * (Digits - 1 - depth))) & 15];

    /// <summary>Whether a key belongs below a prefix.</summary>
    public static bool IsBelow(UInt128 key, string prefix)
    {
        for (var depth = 0; depth < prefix.Length; depth++)
        {
            if (Digit(key, depth) != prefix[depth])
                return false;
        }

        return true;
    }

    public static byte[] Write(ItemEntry entry) => JsonSerializer.SerializeToUtf8Bytes(entry);

    public static ItemEntry Read(ReadOnlySpan<byte> line) => JsonSerializer.Deserialize<ItemEntry>(line)!;

    /// <summary>Loads the lines of a stored leaf.</summary>
    public void Load(byte[] content)
    {
        var rest = content.AsMemory();
        while (rest.Length > 0)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (line.Length > 0)
                _lines[KeyOfLine(line.Span)] = line;
        }
    }

    public ItemEntry? Find(UInt128 key) => _lines.TryGetValue(key, out var line) ? Read(line.Span) : null;

    public void Set(UInt128 key, ReadOnlyMemory<byte> line) => _lines[key] = line;

    public void Remove(UInt128 key) => _lines.Remove(key);

    /// <summary>The leaf's lines by the next digit of their keys, for a folder of smaller leaves.</summary>
    public IEnumerable<IndexLeaf> Split()
    {
        foreach (var group in _lines.GroupBy(pair => Digit(pair.Key, prefix.Length)).OrderBy(group => group.Key))
        {
            var part = new IndexLeaf(prefix + group.Key);
            foreach (var (key, line) in group)
                part._lines[key] = line;
            yield return part;
        }
    }

    /// <summary>The leaf in its stored form; the same entries always give the same bytes.</summary>
    public byte[] ToBytes()
    {
        var content = new byte[_lines.Values.Sum(line => line.Length + 1)];
        var position = 0;
        foreach (var (_, line) in _lines.OrderBy(pair => pair.Key))
        {
            line.Span.CopyTo(content.AsSpan(position));
            position += line.Length;
            content[position++] = (byte)'\n';
        }

        return content;
    }

    private static UInt128 KeyOfLine(ReadOnlySpan<byte> line)
    {
        // The id is the first property of every line.
        var reader = new Utf8JsonReader(line);
        reader.Read();
        reader.Read();
        reader.Read();
        return KeyOf(reader.GetString()!);
    }

    private static UInt128 KeyOf(byte[] id)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(id, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
