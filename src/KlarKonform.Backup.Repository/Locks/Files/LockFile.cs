using System.Text.Json.Serialization;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Json;

namespace KlarKonform.Backup.Repository.Locks.Files;

/// <summary>A file below <c>locks/</c>.</summary>
internal sealed record LockFile
{
    [JsonPropertyName("time")]
    public required string Time { get; init; }

    [JsonPropertyName("exclusive")]
    public required bool Exclusive { get; init; }

    /// <summary>
    /// The computer, as restic compares it with its own name: where both are the same, <c>restic unlock</c> asks whether the process lives by
    /// sending it SIGHUP (restic, internal/restic/lock_unix.go), of which every program but restic dies. So ours is never quite its name.
    /// </summary>
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

    /// <summary>Ours, which restic passes over: what the lock's owner does, so that a second one of the same purpose refuses.</summary>
    [JsonPropertyName("klarkonform_purpose")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Purpose { get; init; }

    /// <summary>Ours: when the lock was first taken; <see cref="Time"/> is when it was last renewed.</summary>
    [JsonPropertyName("klarkonform_started")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Started { get; init; }

    /// <summary>Ours: the computer's name itself.</summary>
    [JsonPropertyName("klarkonform_host")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TrueHost { get; init; }

    /// <summary>Ours: which start of which kernel <see cref="Pid"/> belongs to, and with <see cref="PidNamespace"/> among which processes it counts.</summary>
    [JsonPropertyName("klarkonform_boot")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Boot { get; init; }

    [JsonPropertyName("klarkonform_pidns")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PidNamespace { get; init; }

    /// <summary>The computer, for people.</summary>
    [JsonIgnore]
    public string Computer => TrueHost ?? Hostname;

    [JsonIgnore]
    public DateTimeOffset Taken => Json.NanoTime.Parse(Time).Moment;

    /// <summary>Whether this program wrote it: its owner looks at it before whatever must not happen without it, restic's does not.</summary>
    [JsonIgnore]
    public bool IsOurs => Started is not null;

    /// <summary>What it says of its owner, in UTC.</summary>
    /// <exception cref="FormatException">Its times are none.</exception>
    public LockHolder ToHolder() => new(Computer, Username, Pid, Exclusive, Purpose,
        (Started is null ? Taken : NanoTime.Parse(Started).Moment).ToUniversalTime(), Taken.ToUniversalTime());
}
