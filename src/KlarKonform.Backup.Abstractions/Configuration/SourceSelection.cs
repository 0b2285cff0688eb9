namespace KlarKonform.Backup;

/// <summary>Which users' data.</summary>
public record SourceSelection
{
    /// <summary>User name patterns to take; none means all.</summary>
    public IReadOnlyList<string>? Include { get; init; }

    /// <summary>User name patterns to leave out.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }
}
