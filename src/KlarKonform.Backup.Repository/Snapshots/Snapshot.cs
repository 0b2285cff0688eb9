using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Snapshots;

/// <summary>A file below <c>snapshots/</c>: a root tree and its description.</summary>
public sealed record Snapshot
{
    /// <summary>When it was taken, RFC 3339 with nanoseconds.</summary>
    [JsonPropertyName("time")]
    public required string Time { get; init; }

    /// <summary>The snapshot that it continues.</summary>
    [JsonPropertyName("parent")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Parent { get; init; }

    /// <summary>The root tree's id.</summary>
    [JsonPropertyName("tree")]
    public required string Tree { get; init; }

    /// <summary>What was backed up.</summary>
    [JsonPropertyName("paths")]
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>The name of the host.</summary>
    [JsonPropertyName("hostname")]
    public string? Hostname { get; init; }

    /// <summary>The user who took it.</summary>
    [JsonPropertyName("username")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Username { get; init; }

    /// <summary>Labels.</summary>
    [JsonPropertyName("tags")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The program that took it.</summary>
    [JsonPropertyName("program_version")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ProgramVersion { get; init; }

    /// <summary>What the backup did; null if it was not counted: for checkpoints, and for snapshots of restic before 0.17.</summary>
    [JsonPropertyName("summary")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SnapshotSummary? Summary { get; init; }

    /// <summary>Fields of other programs, kept as they are.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; init; }

    /// <summary>Whether another program made it from another snapshot, as <c>restic rewrite</c> and <c>repair snapshots</c> do.</summary>
    [JsonIgnore]
    public bool IsRewritten => Other?.ContainsKey("original") == true;

    /// <summary>The snapshot that a program changed into this one (restic's tag, rewrite and repair snapshots), or null.</summary>
    [JsonIgnore]
    public string? Original =>
        Other is not null && Other.TryGetValue("original", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;

    /// <summary>The time as a .NET value.</summary>
    [JsonIgnore]
    public DateTimeOffset Taken => Json.NanoTime.Parse(Time).Moment;

    /// <summary>The root tree.</summary>
    [JsonIgnore]
    public BlobId Root => BlobId.Parse(Tree);
}
