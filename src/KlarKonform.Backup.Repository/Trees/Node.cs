using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;

namespace KlarKonform.Backup.Repository.Trees;

/// <summary>
/// An entry of a folder: the fields of restic's node, and anything else that was read, so that a tree can be written back byte for byte.
/// </summary>
public sealed record Node
{
    /// <summary>Go's os.ModeDir bit.</summary>
    public const uint DirectoryMode = 1u << 31;

    /// <summary>The entry's name, without a path.</summary>
    public required string Name { get; init; }

    /// <summary>See <see cref="NodeType"/>.</summary>
    public required string Type { get; init; }

    /// <summary>Go's os.FileMode: permission bits and type bits.</summary>
    public uint Mode { get; init; }

    /// <summary>Last change of the content.</summary>
    public NanoTime ModTime { get; init; }

    /// <summary>Last access.</summary>
    public NanoTime AccessTime { get; init; }

    /// <summary>Last change of the metadata.</summary>
    public NanoTime ChangeTime { get; init; }

    /// <summary>Unix user id.</summary>
    public uint Uid { get; init; }

    /// <summary>Unix group id.</summary>
    public uint Gid { get; init; }

    /// <summary>Unix user name.</summary>
    public string? User { get; init; }

    /// <summary>Unix group name.</summary>
    public string? Group { get; init; }

    /// <summary>Inode number.</summary>
    public ulong Inode { get; init; }

    /// <summary>Device that holds the inode.</summary>
    public ulong DeviceId { get; init; }

    /// <summary>Size of the content in bytes.</summary>
    public ulong Size { get; init; }

    /// <summary>Number of hard links.</summary>
    public ulong Links { get; init; }

    /// <summary>A symbolic link's target.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>A symbolic link's target that is not UTF-8.</summary>
    public byte[]? LinkTargetRaw { get; init; }

    /// <summary>Extended attributes, in order.</summary>
    public IReadOnlyList<ExtendedAttribute>? ExtendedAttributes { get; init; }

    /// <summary>Attributes of an operating system, as raw JSON.</summary>
    public string? GenericAttributes { get; init; }

    /// <summary>Device number of a device node.</summary>
    public ulong Device { get; init; }

    /// <summary>The file's data blobs in order; null on folders.</summary>
    public IReadOnlyList<BlobId>? Content { get; init; }

    /// <summary>A folder's tree blob.</summary>
    public BlobId? Subtree { get; init; }

    /// <summary>What went wrong when restic read the file.</summary>
    public string? Error { get; init; }

    /// <summary>The JSON of another program, if we would write it differently; null if our own JSON is complete.</summary>
    internal ForeignNode? Foreign { get; init; }

    /// <summary>Whether it is a folder.</summary>
    public bool IsDirectory => Type == NodeType.Directory;

    /// <summary>An extended attribute's value, or null.</summary>
    public byte[]? Attribute(string name) => ExtendedAttributes?.FirstOrDefault(attribute => attribute.Name == name)?.Value;

    /// <summary>A file that its owner can read and write.</summary>
    public static Node NewFile(string name, ulong size, IReadOnlyList<BlobId> content, DateTimeOffset modified) =>
        new()
        {
            Name = name,
            Type = NodeType.File,
            Mode = 0b110_000_000,
            ModTime = NanoTime.From(modified),
            AccessTime = NanoTime.From(modified),
            ChangeTime = NanoTime.From(modified),
            Size = size,
            Content = content,
        };

    /// <summary>A folder that its owner can read and write.</summary>
    public static Node NewDirectory(string name, BlobId subtree, DateTimeOffset modified) =>
        new()
        {
            Name = name,
            Type = NodeType.Directory,
            Mode = DirectoryMode | 0b111_000_000,
            ModTime = NanoTime.From(modified),
            AccessTime = NanoTime.From(modified),
            ChangeTime = NanoTime.From(modified),
            Subtree = subtree,
        };
}
