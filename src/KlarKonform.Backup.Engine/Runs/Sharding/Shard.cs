using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.Engine.Sources.Resources;

namespace KlarKonform.Backup.Engine.Runs.Sharding;

/// <summary>
/// One of equal parts of a configuration's resources. Everything that belongs to a user is in the same shard, on every machine and in every
/// run: so a mailbox's limits at Microsoft concern only one process.
/// </summary>
/// <param name="Index">Its index, from 0.</param>
/// <param name="Count">The number of shards.</param>
internal readonly record struct Shard(int Index, int Count)
{
    /// <summary>Its name in tags and locks, such as <c>3/8</c>; counted from 1, for people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index + 1}/{Count}");

    /// <summary>Whether a resource belongs to it. One that could not be listed stands for resources of every shard.</summary>
    public bool Contains(IResourceSource source) => source is FailedListing || Of(source.ResourceId, Count) == Index;

    /// <summary>The shard of a resource.</summary>
    /// <param name="resourceId">The user's directory id, or the site's.</param>
    /// <param name="count">How many shards there are.</param>
    public static int Of(string resourceId, int count)
    {
        // Any hash would do that is evenly distributed and the same everywhere.
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(resourceId), hash);
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(hash) % (ulong)count);
    }
}
