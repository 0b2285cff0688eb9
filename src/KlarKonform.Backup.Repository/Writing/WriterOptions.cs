using System.Security.Cryptography;

namespace KlarKonform.Backup.Repository.Writing;

/// <summary>How a writer packs and uploads. What it says is not kept in the repository; packs of every size live side by side.</summary>
public sealed record WriterOptions
{
    /// <summary>The smallest pack that may be asked for, in bytes; restic's own bound.</summary>
    public const int MinPackSize = 4 << 20;

    /// <summary>The largest pack that may be asked for, in bytes; restic's own bound.</summary>
    public const int MaxPackSize = 128 << 20;

    /// <summary>restic's default, in bytes.</summary>
    public const int DefaultPackSize = 16 << 20;

    private readonly int _packSize = DefaultPackSize;

    /// <summary>Packs under way to the storage at a time: one is written while the next is hashed. Each takes <see cref="PackSize"/> and 1 MiB of memory.</summary>
    public int Uploads { get; init; } = 2;

    /// <summary>Draws a number from 0 to less than its argument: which of the packs that are being filled takes a piece. Nobody may foresee
    /// it, so it is the system's cryptographic generator; tests put in another. Called by one thread at a time, of every writer.</summary>
    public Func<int, int> Draw { get; init; } = RandomNumberGenerator.GetInt32;

    /// <summary>Bytes after which a pack is closed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not within <see cref="MinPackSize"/> and <see cref="MaxPackSize"/>.</exception>
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

    /// <summary>Bytes of unread index files up to which they are read to find what is stored already. A blob takes some 40 bytes in such a file and
    /// 56 in memory, so that they take 360 MiB at most. Beyond it, what only they know may be stored again until the next prune.</summary>
    public long MaxUnreadIndex { get; init; } = 256L << 20;

    /// <summary>The lock under which is written: an index file that was written after it was lost is taken back, see <see cref="Locks.RepositoryLock.SaveIndexAsync"/>. Null: nobody prunes meanwhile.</summary>
    public Locks.RepositoryLock? Held { get; init; }

    // Trees and state are read piece by piece, and never so many that larger packs would spare requests.
    internal WriterOptions ForMetadata => this with { PackSize = Math.Min(PackSize, DefaultPackSize) };

    /// <summary>Bytes of an ordinary pack's buffer: room for the last blob beyond the size, if it is not a large one, and for the header of many.</summary>
    internal int BufferSize => _packSize + (1 << 20);
}
