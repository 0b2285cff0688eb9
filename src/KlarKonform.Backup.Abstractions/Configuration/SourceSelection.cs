namespace KlarKonform.Backup;

/// <summary>Which users' data to back up.</summary>
public record SourceSelection
{
    /// <summary>Patterns of user names to include; empty means all.</summary>
    public IReadOnlyList<string>? Include { get; init; }

    /// <summary>Patterns of user names to exclude.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }
}
