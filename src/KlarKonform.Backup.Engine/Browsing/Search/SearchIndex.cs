using System.Collections.Concurrent;
using System.Text;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine.Browsing.Search;

/// <summary>
/// An index on the local disk of what the folders of snapshots contain, by the ids of their trees: a tree never changes, so an entry stays
/// valid for ever. Sealed with the repository's key. It may vanish or be damaged at any time: what is missing is read from the repository.
/// Not thread-safe.
/// </summary>
internal sealed class SearchIndex
{
    private const string Extension = ".idx";
    private const int BlockBytes = 4 << 20;
    private const int MaxSegments = 16;
    private const byte Form = 1;

    private readonly ResticRepository _repository;
    private readonly string _folder;
    private readonly Dictionary<BlobId, ReadOnlyMemory<byte>> _known;
    private readonly IReadOnlyList<string> _segments;
    private readonly List<(BlobId Id, byte[] Rows)> _new = [];

    private SearchIndex(
        ResticRepository repository,
        string folder,
        Dictionary<BlobId, ReadOnlyMemory<byte>> known,
        IReadOnlyList<string> segments
    )
    {
        _repository = repository;
        _folder = folder;
        _known = known;
        _segments = segments;
    }

    /// <summary>Opens the existing index, or an empty one.</summary>
    public static async Task<SearchIndex> OpenAsync(ResticRepository repository, string cache, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(cache, "search");
        var segments = Directory.Exists(folder) ? Directory.GetFiles(folder, "*" + Extension) : [];
        var blocks = new ConcurrentBag<byte[]>();
        await Parallel.ForEachAsync(
            segments,
            cancellationToken,
            async (file, token) =>
            {
                try
                {
                    foreach (var block in Blocks(await File.ReadAllBytesAsync(file, token)))
                        blocks.Add(repository.Unprotect(block.Span));
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or RepositoryException)
                {
                    // From another repository, or damaged: treated as missing.
                }
            }
        );
        var known = new Dictionary<BlobId, ReadOnlyMemory<byte>>();
        foreach (var block in blocks)
        {
            if (block.Length == 0 || block[0] != Form)
                continue;
            for (var at = 1; at + BlobId.Size + sizeof(int) <= block.Length; )
            {
                var id = new BlobId(block.AsSpan(at, BlobId.Size));
                var length = BitConverter.ToInt32(block, at + BlobId.Size);
                at += BlobId.Size + sizeof(int);
                if (length < 0 || at + length > block.Length)
                    break;
                known[id] = block.AsMemory(at, length);
                at += length;
            }
        }

        return new SearchIndex(repository, folder, known, segments);
    }

    /// <summary>Whether the index has a tree.</summary>
    public bool Contains(BlobId tree) => _known.ContainsKey(tree);

    /// <summary>The rows of a tree in the index.</summary>
    public List<ItemSummary> Read(BlobId tree)
    {
        using var reader = new BinaryReader(new MemoryStream(_known[tree].ToArray(), writable: false), Encoding.UTF8);
        var count = reader.Read7BitEncodedInt();
        var rows = new List<ItemSummary>(count);
        for (var i = 0; i < count; i++)
            rows.Add(ReadRow(reader));
        return rows;
    }

    /// <summary>Adds a tree.</summary>
    public void Add(BlobId tree, IReadOnlyCollection<ItemSummary> rows)
    {
        using var memory = new MemoryStream();
        using (var writer = new BinaryWriter(memory, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write7BitEncodedInt(rows.Count);
            foreach (var row in rows)
                WriteRow(writer, row);
        }

        var bytes = memory.ToArray();
        _known[tree] = bytes;
        _new.Add((tree, bytes));
    }

    /// <summary>Saves what was added. Merges many small files into one and drops the trees that are in no snapshot any more.</summary>
    /// <param name="visited">The trees of all snapshots, if all of them were searched; otherwise null.</param>
    public void Save(IReadOnlySet<BlobId>? visited)
    {
        if (_new.Count == 0)
            return;
        var merge = _segments.Count >= MaxSegments;
        var trees = merge
            ? _known.Where(pair => visited?.Contains(pair.Key) != false).Select(pair => (pair.Key, pair.Value))
            : _new.Select(pair => (pair.Id, (ReadOnlyMemory<byte>)pair.Rows));
        try
        {
            PrivateFiles.CreateFolder(_folder);
            var name = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
            using (var file = PrivateFiles.Open(name, FileMode.CreateNew, FileAccess.Write))
                Write(file, trees);
            File.Move(name, name + Extension);
            foreach (var old in merge ? _segments : [])
                File.Delete(old);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Only a convenience: without it the next search reads the repository again.
        }
    }

    private void Write(FileStream file, IEnumerable<(BlobId Id, ReadOnlyMemory<byte> Rows)> trees)
    {
        using var block = new MemoryStream();
        block.WriteByte(Form);
        foreach (var (id, rows) in trees)
        {
            block.Write(Bytes(id));
            block.Write(BitConverter.GetBytes(rows.Length));
            block.Write(rows.Span);
            if (block.Length < BlockBytes)
                continue;
            Flush();
        }

        if (block.Length > 1)
            Flush();

        void Flush()
        {
            var sealedBlock = _repository.Protect(block.GetBuffer().AsSpan(0, (int)block.Length));
            file.Write(BitConverter.GetBytes(sealedBlock.Length));
            file.Write(sealedBlock);
            block.SetLength(0);
            block.WriteByte(Form);
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Blocks(byte[] file)
    {
        for (var at = 0; at + sizeof(int) <= file.Length; )
        {
            var length = BitConverter.ToInt32(file, at);
            at += sizeof(int);
            if (length <= 0 || at + length > file.Length)
                yield break;
            yield return file.AsMemory(at, length);
            at += length;
        }
    }

    private static byte[] Bytes(BlobId id)
    {
        var bytes = new byte[BlobId.Size];
        id.CopyTo(bytes);
        return bytes;
    }

    private static void WriteRow(BinaryWriter writer, ItemSummary row)
    {
        writer.Write(row.Name);
        writer.Write(row.Type);
        writer.Write7BitEncodedInt64(row.Size);
        writer.Write(row.Time.UtcTicks);
        writer.Write(
            (byte)(
                (row.Subtree is null ? 0 : 1)
                | (row.Content is null ? 0 : 2)
                | (row.Subject is null ? 0 : 4)
                | (row.From is null ? 0 : 8)
                | (row.To is null ? 0 : 16)
                | (row.Id is null ? 0 : 32)
                | (row.Deleted is null ? 0 : 64)
            )
        );
        if (row.Subtree is { } subtree)
            writer.Write(Bytes(subtree));
        if (row.Content is { } content)
            writer.Write(Bytes(content));
        foreach (var text in (string?[])[row.Subject, row.From, row.To, row.Id])
        {
            if (text is not null)
                writer.Write(text);
        }

        if (row.Deleted is { } deleted)
            writer.Write(deleted.UtcTicks);
    }

    private static ItemSummary ReadRow(BinaryReader reader)
    {
        var (name, type, size, time, parts) = (
            reader.ReadString(),
            string.Intern(reader.ReadString()),
            reader.Read7BitEncodedInt64(),
            new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero),
            reader.ReadByte()
        );
        return new ItemSummary(name, type, size, time)
        {
            Subtree = (parts & 1) != 0 ? new BlobId(reader.ReadBytes(BlobId.Size)) : null,
            Content = (parts & 2) != 0 ? new BlobId(reader.ReadBytes(BlobId.Size)) : null,
            Subject = (parts & 4) != 0 ? reader.ReadString() : null,
            From = (parts & 8) != 0 ? reader.ReadString() : null,
            To = (parts & 16) != 0 ? reader.ReadString() : null,
            Id = (parts & 32) != 0 ? reader.ReadString() : null,
            Deleted = (parts & 64) != 0 ? new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero) : null,
        };
    }
}
