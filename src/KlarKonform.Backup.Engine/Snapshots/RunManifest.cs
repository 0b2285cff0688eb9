using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Reading;
using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Engine.Snapshots;

/// <summary>
/// What a snapshot says about the run that wrote it: <c>/.klarkonform/manifest.json</c>, readable with restic alone. Documented in
/// docs/reliability.md; members are only ever added. Times are UTC, sizes bytes.
/// </summary>
internal sealed record RunManifest
{
    public const int CurrentVersion = 1;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Version of this format.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The program that wrote it, with its version.</summary>
    public string Program { get; init; } = "";

    public Guid Run { get; init; }

    public Guid Configuration { get; init; }

    public string ConfigurationName { get; init; } = "";

    public string Tenant { get; init; } = "";

    public string Host { get; init; } = "";

    public DateTimeOffset Started { get; init; }

    public DateTimeOffset Saved { get; init; }

    /// <summary>Whether the run continued after this.</summary>
    public bool Checkpoint { get; init; }

    /// <summary>Running, Succeeded or Partial, before the repository was checked: the snapshot's tags have the final state.</summary>
    public BackupState Status { get; init; }

    public int ResourcesTotal { get; init; }

    public int ResourcesDone { get; init; }

    public long ItemsDownloaded { get; init; }

    public long ItemsUpdated { get; init; }

    public long ItemsRemoved { get; init; }

    public long BytesDownloaded { get; init; }

    public IReadOnlyList<ItemMismatch> Mismatches { get; init; } = [];

    /// <summary>What is wrong with the repository; then the snapshot has no <c>files:</c> tag.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>
    /// What was found damaged when reading: ids of packs, and blobs as <c>kind/id</c>. The next run examines exactly these again.
    /// </summary>
    public IReadOnlyList<string> Damaged { get; init; } = [];

    /// <summary>
    /// The configuration's complete snapshots before this one, so that the next run notices if one vanishes; including those that have
    /// vanished and that no admin has removed from the list. A checkpoint has the previous list: what its run found was not reported to
    /// anyone yet.
    /// </summary>
    public IReadOnlyList<KnownSnapshot> Snapshots { get; init; } = [];

    /// <summary>Ids of the repository's key files.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>All resources in the snapshot, from this run and from earlier ones.</summary>
    public IReadOnlyList<ManifestResource> Resources { get; init; } = [];

    /// <summary>
    /// What a snapshot says of its run, or null: it has no manifest, or one of a newer version or that another program edited.
    /// </summary>
    /// <param name="reader">Reads the snapshot.</param>
    /// <param name="root">Its tree; null is no snapshot.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<RunManifest?> ReadAsync(RepositoryReader reader, BlobId? root, CancellationToken cancellationToken)
    {
        if (root is not { } top)
            return null;
        var folder = Find(await reader.ReadTreeAsync(top, cancellationToken), SnapshotLayout.StateFolder)?.Subtree;
        if (
            folder is not { } state
            || Find(await reader.ReadTreeAsync(state, cancellationToken), SnapshotLayout.ManifestFile) is not { } file
        )
            return null;
        try
        {
            return JsonSerializer.Deserialize<RunManifest>(await reader.ReadContentAsync(file, cancellationToken), s_json);
        }
        catch (JsonException)
        {
            return null; // It only informs.
        }

        static Node? Find(IReadOnlyList<Node> nodes, string name) => nodes.FirstOrDefault(node => node.Name == name);
    }

    /// <summary>As it is stored: indented JSON in UTF-8.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, s_json);
}
