namespace KlarKonform.Backup;

/// <summary>Outcome of a check.</summary>
public enum CheckResult
{
    /// <summary>Works.</summary>
    Passed,

    /// <summary>Works, but.</summary>
    Warning,

    /// <summary>Does not work.</summary>
    Failed,
}
