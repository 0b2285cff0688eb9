using System.Security.Cryptography;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>How a writer packs and uploads. The options are not stored in the repository; packs of any size can coexist.</summary>
public sealed record WriterOptions
{
    /// <summary>The smallest allowed pack size, in bytes; restic's own limit.</summary>
    public const int MinPackSize = 4 << 20;

    /// <summary>The largest allowed pack size, in bytes; restic's own limit.</summary>
    public const int MaxPackSize = 128 << 20;

    /// <summary>restic's default, in bytes.</summary>
    public const int DefaultPackSize = 16 << 20;

    private readonly int _packSize = DefaultPackSize;

    /// <summary>
    /// Number of packs being uploaded concurrently: one is sent while the next is hashed. Each takes <see cref="PackSize"/> and 1 MiB of
    /// memory.
    /// </summary>
    public int Uploads { get; init; } = 2;

    /// <summary>
    /// Draws a number from 0 to less than its argument: which of the packs being filled gets a chunk. It must be unpredictable, so it is
    /// the system's cryptographic generator; tests replace it. Called by one thread at a time, by every writer.
    /// </summary>
    public Func<int, int> Draw { get; init; } = RandomNumberGenerator.GetInt32;

    /// <summary>Size in bytes at which a pack is closed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not between <see cref="MinPackSize"/> and <see cref="MaxPackSize"/>.</exception>
    public int PackSize
    {
        get => _packSize;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, MinPackSize);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxPackSize);
            _packSize = value;
        }
    }

    /// <summary>
    /// Maximum number of bytes of unread index files to read in order to find what is stored already. A blob takes about 40 bytes in such a
    /// file and 56 in memory, so this is 360 MiB at most. Beyond that, what only they list may be stored again until the next prune.
    /// </summary>
    public long MaxUnreadIndex { get; init; } = 256L << 20;

    /// <summary>
    /// The lock under which to write: an index file that was written after it was lost is taken back, see
    /// <see cref="Locks.RepositoryLock.SaveIndexAsync"/>. Null: no one prunes meanwhile.
    /// </summary>
    public Locks.RepositoryLock? Held { get; init; }

    // Trees and state are read one by one, and never so many that larger packs would save requests.
    internal WriterOptions ForMetadata => this with { PackSize = Math.Min(PackSize, DefaultPackSize) };

    /// <summary>
    /// Size in bytes of an ordinary pack's buffer: room for the last blob beyond the pack size, if it is not a large one, and for a header
    /// with many entries.
    /// </summary>
    internal int BufferSize => _packSize + (1 << 20);
}
