using System.Text.Json.Serialization;

namespace KlarKonform.Backup.Repository.Locks;

/// <summary>A file below <c>locks/</c>.</summary>
internal sealed record LockFile
{
    [JsonPropertyName("time")]
    public required string Time { get; init; }

    [JsonPropertyName("exclusive")]
    public required bool Exclusive { get; init; }

    [JsonPropertyName("hostname")]
    public required string Hostname { get; init; }

    [JsonPropertyName("username")]
    public required string Username { get; init; }

    [JsonPropertyName("pid")]
    public required int Pid { get; init; }

    [JsonPropertyName("uid")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint Uid { get; init; }

    [JsonPropertyName("gid")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint Gid { get; init; }

    [JsonIgnore]
    public DateTimeOffset Taken => Json.NanoTime.Parse(Time).Moment;
}
