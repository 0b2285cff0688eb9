using System.Security.Cryptography;
using System.Text;
using KlarKonform.Backup.Repository.Snapshots;

namespace KlarKonform.Backup.Engine.Runs.Sharding;

/// <summary>
/// What workers do together: all of them continue from the same snapshot and divide the same resources into the same number of shards. What
/// each shard has so far is a snapshot of its own, tagged with the round and the shard; workers know of each other only through these and
/// through locks.
/// </summary>
internal sealed class ShardRound
{
    public const string ShardTag = "shard:";
    public const string RoundTag = "round:";
    public const string DoneTag = "shard-done";

    /// <summary>Tag of a shard's snapshot whose worker has found every blob that its new trees name.</summary>
    public const string VerifiedTag = "shard-verified";
    public const string MergedTag = "merged:";

    private readonly string _tag;

    /// <summary>The round that begins with the newest snapshot that does not belong to a shard.</summary>
    /// <param name="snapshots">The configuration's snapshots, oldest first.</param>
    /// <param name="options">Options that restrict the run: only workers with the same options share a round.</param>
    public ShardRound(IReadOnlyList<StoredSnapshot> snapshots, BackupOptions options)
    {
        Base = BaseOf(snapshots);
        Count = options.ShardCount;
        var plan = string.Join(
            '\n',
            [
                .. options.Sources.Order(StringComparer.OrdinalIgnoreCase),
                "",
                .. options.Resources.Order(StringComparer.OrdinalIgnoreCase),
                "",
                options.Full ? "full" : "",
            ]
        );
        plan = $"{Count}-{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(plan.ToUpperInvariant())))[..8]}";
        _tag = $"{RoundTag}{Base?.Id.ToShortString() ?? "first"}-{plan}";
        TagOfMerged = MergedTag + plan;
    }

    /// <summary>The snapshot that all shards continue from, or null before the first one.</summary>
    public StoredSnapshot? Base { get; }

    public int Count { get; }

    /// <summary>The tag of the snapshot that the shards of such a round are merged into.</summary>
    public string TagOfMerged { get; }

    /// <summary>The tags of a shard's snapshots.</summary>
    public IReadOnlyList<string> TagsOf(Shard shard) => [ShardTag + shard, _tag];

    /// <summary>Whether it still begins with the newest snapshot.</summary>
    public bool IsCurrent(IReadOnlyList<StoredSnapshot> snapshots) => BaseOf(snapshots)?.Id == Base?.Id;

    /// <summary>A shard's newest snapshot in this round, or null.</summary>
    public StoredSnapshot? Newest(Shard shard, IReadOnlyList<StoredSnapshot> snapshots)
    {
        var own = snapshots.Where(each => Has(each.Snapshot, ShardTag + shard) && Has(each.Snapshot, _tag)).ToArray();
        return own.Length == 0 ? null
            : own.LastOrDefault(each => IsDone(each.Snapshot)) is { Snapshot: not null } done ? done
            : own[^1];
    }

    /// <summary>Shards that are not finished yet.</summary>
    public IReadOnlyList<Shard> Pending(IReadOnlyList<StoredSnapshot> snapshots) =>
        [
            .. Enumerable
                .Range(0, Count)
                .Select(index => new Shard(index, Count))
                .Where(shard => Newest(shard, snapshots) is not { } newest || !IsDone(newest.Snapshot)),
        ];

    /// <summary>Snapshots of shards that belong to another round.</summary>
    public IReadOnlyList<StoredSnapshot> Others(IReadOnlyList<StoredSnapshot> snapshots) =>
        [.. snapshots.Where(each => IsShard(each.Snapshot) && !Has(each.Snapshot, _tag))];

    /// <summary>Snapshots of shards that continue from the newest snapshot, of any round, oldest first.</summary>
    public static IReadOnlyList<StoredSnapshot> Continuing(IReadOnlyList<StoredSnapshot> snapshots)
    {
        var round = $"{RoundTag}{BaseOf(snapshots)?.Id.ToShortString() ?? "first"}-";
        return [.. snapshots.Where(each => each.Snapshot.Tags?.Any(tag => tag.StartsWith(round, StringComparison.Ordinal)) == true)];
    }

    /// <summary>Whether a snapshot holds only one shard of a run.</summary>
    public static bool IsShard(Snapshot snapshot) => snapshot.Tags?.Any(tag => tag.StartsWith(ShardTag, StringComparison.Ordinal)) == true;

    public static bool IsDone(Snapshot snapshot) => Has(snapshot, DoneTag);

    /// <summary>Whether a shard's trees need no further verification.</summary>
    public static bool IsVerified(Snapshot snapshot) => Has(snapshot, VerifiedTag);

    private static StoredSnapshot? BaseOf(IReadOnlyList<StoredSnapshot> snapshots) =>
        snapshots.LastOrDefault(each => !IsShard(each.Snapshot)) is { Snapshot: not null } newest ? newest : null;

    private static bool Has(Snapshot snapshot, string tag) => snapshot.Tags?.Contains(tag) == true;
}
