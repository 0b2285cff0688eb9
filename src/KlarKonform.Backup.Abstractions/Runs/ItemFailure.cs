using System.Text.Json.Serialization;

namespace KlarKonform.Backup;

/// <summary>An item that could not be backed up.</summary>
public sealed record ItemFailure
{
    /// <summary>The configuration's name, if a failure is shown on its own; null in a run's or a snapshot's own files.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Configuration { get; init; }

    /// <summary>The resource's kind.</summary>
    public required string Kind { get; init; }

    /// <summary>The owner of the item.</summary>
    public required string Resource { get; init; }

    /// <summary>The item's Graph id.</summary>
    public required string ItemId { get; init; }

    /// <summary>How much of the backup it covers.</summary>
    public FailureLevel Level { get; init; }

    /// <summary>
    /// Whether something of the item is in the backup nevertheless: an earlier version, or the item without the part that failed.
    /// </summary>
    public bool IsStored { get; init; }

    /// <summary>Why an admin accepted that it is not in the backup; null if no one did.</summary>
    public string? AcceptedReason { get; init; }

    /// <summary>
    /// For an unforeseen failure: the exception's type and stack trace, without its message, which may contain content; otherwise null.
    /// </summary>
    public string? Details { get; init; }

    /// <summary>Subject or file name.</summary>
    public required string Name { get; init; }

    /// <summary>Error code.</summary>
    public required string Code { get; init; }

    /// <summary>Graph's message.</summary>
    public required string Message { get; init; }

    /// <summary>What to do about it, in the user's language.</summary>
    public string Hint { get; init; } = "";

    /// <summary>Number of runs in which it failed.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>Whether later runs will not try again until the item changes.</summary>
    public bool Permanent { get; init; }

    /// <summary>
    /// The time (UTC) before which it is not tried again: an item that failed in many runs is tried in fewer of them. Null: in the next
    /// run.
    /// </summary>
    public DateTimeOffset? NextAttempt { get; init; }

    /// <summary>The item's folder, for the next attempt.</summary>
    public string Parent { get; init; } = "";
}
