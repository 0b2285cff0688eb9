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
    /// The computer, which restic compares with its own name: if both are the same, <c>restic unlock</c> checks whether the process is
    /// alive by sending it SIGHUP (restic, internal/restic/lock_unix.go), which kills every program except restic. So ours is never exactly
    /// that name.
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

    /// <summary>
    /// Our extension, which restic ignores: what the lock's owner does, so that a second one with the same purpose is refused.
    /// </summary>
    [JsonPropertyName("klarkonform_purpose")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Purpose { get; init; }

    /// <summary>Our extension: when the lock was first taken; <see cref="Time"/> is when it was last renewed.</summary>
    [JsonPropertyName("klarkonform_started")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Started { get; init; }

    /// <summary>Our extension: the computer's real name.</summary>
    [JsonPropertyName("klarkonform_host")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TrueHost { get; init; }

    /// <summary>
    /// Our extension: the kernel start that <see cref="Pid"/> belongs to, and with <see cref="PidNamespace"/> the processes among which it
    /// is unique.
    /// </summary>
    [JsonPropertyName("klarkonform_boot")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Boot { get; init; }

    [JsonPropertyName("klarkonform_pidns")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PidNamespace { get; init; }

    /// <summary>The computer's name for display.</summary>
    [JsonIgnore]
    public string Computer => TrueHost ?? Hostname;

    [JsonIgnore]
    public DateTimeOffset Taken => Json.NanoTime.Parse(Time).Moment;

    /// <summary>
    /// Whether this program wrote it: its owner checks the lock before any step that must not happen without it, restic does not.
    /// </summary>
    [JsonIgnore]
    public bool IsOurs => Started is not null;

    /// <summary>What it says of its owner, in UTC.</summary>
    /// <exception cref="FormatException">Its times are none.</exception>
    public LockHolder ToHolder() =>
        new(
            Computer,
            Username,
            Pid,
            Exclusive,
            Purpose,
            (Started is null ? Taken : NanoTime.Parse(Started).Moment).ToUniversalTime(),
            Taken.ToUniversalTime()
        );
}
