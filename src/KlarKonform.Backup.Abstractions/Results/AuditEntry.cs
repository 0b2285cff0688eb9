namespace KlarKonform.Backup;

/// <summary>
/// A line of a configuration's audit log in the repository. Each contains the hash of the previous one: none can be changed or removed
/// unnoticed.
/// </summary>
public sealed record AuditEntry
{
    /// <summary>Its number, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>When it was done; UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>
    /// What was done: HoldSet, HoldRemoved, RetentionShortened, or RetentionOverridden if another policy was applied once.
    /// </summary>
    public required string Action { get; init; }

    /// <summary>Who did it.</summary>
    public required string Author { get; init; }

    /// <summary>Why it was done.</summary>
    public required string Reason { get; init; }

    /// <summary>For holds: Configuration, Resource or Snapshot.</summary>
    public HoldScope? Scope { get; init; }

    /// <summary>The resource, the snapshot, or the previous policy.</summary>
    public string Target { get; init; } = "";

    /// <summary>The hold's id, or the new policy.</summary>
    public string Detail { get; init; } = "";

    /// <summary>Folders of a held resource in the snapshot.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The computer on which it was done.</summary>
    public string Host { get; init; } = "";

    /// <summary>SHA-256 of the previous entry, in hexadecimal; zeros for the first.</summary>
    public required string Previous { get; init; }

    /// <summary>SHA-256 of this entry without this field, in hexadecimal.</summary>
    public string Hash { get; init; } = "";
}
