namespace KlarKonform.Backup;

/// <summary>Outcome of a check.</summary>
public enum CheckResult
{
    /// <summary>It works.</summary>
    Passed,

    /// <summary>It works, with a reservation.</summary>
    Warning,

    /// <summary>It does not work.</summary>
    Failed,
}
