namespace KlarKonform.Backup;

/// <summary>A line of a configuration's audit log in the repository. Each carries the hash of the one before: none can be changed or taken out unnoticed.</summary>
public sealed record AuditEntry
{
    /// <summary>Its number, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>When; UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What was done: HoldSet, HoldRemoved, RetentionShortened, or RetentionOverridden when another policy was applied once.</summary>
    public required string Action { get; init; }

    /// <summary>Who did it.</summary>
    public required string Author { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>For holds: Configuration, Resource or Snapshot.</summary>
    public HoldScope? Scope { get; init; }

    /// <summary>The resource, the snapshot, or the policy before.</summary>
    public string Target { get; init; } = "";

    /// <summary>The hold's id, or the policy after.</summary>
    public string Detail { get; init; } = "";

    /// <summary>Folders in the snapshot that a held resource has.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The computer that it was done on.</summary>
    public string Host { get; init; } = "";

    /// <summary>SHA-256 of the entry before, in hexadecimal; zeros for the first.</summary>
    public required string Previous { get; init; }

    /// <summary>SHA-256 of this entry without this field, in hexadecimal.</summary>
    public string Hash { get; init; } = "";
}
