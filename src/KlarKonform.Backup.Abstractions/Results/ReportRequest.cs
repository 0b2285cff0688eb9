namespace KlarKonform.Backup;

/// <summary>What a report covers and where it goes.</summary>
public sealed record ReportRequest
{
    /// <summary>Configurations, by wildcard patterns.</summary>
    public IReadOnlyList<string> Names { get; init; } = ["*"];

    /// <summary>The file to write.</summary>
    public required string Path { get; init; }

    /// <summary>Whether to replace an existing file.</summary>
    public bool Overwrite { get; init; }

    /// <summary>How many days back.</summary>
    public int Days { get; init; } = 90;

    /// <summary>The page's title; null for the default title.</summary>
    public string? Title { get; init; }
}
