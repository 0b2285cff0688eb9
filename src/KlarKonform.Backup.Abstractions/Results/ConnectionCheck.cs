namespace KlarKonform.Backup;

/// <summary>One thing that a run needs, and whether it works.</summary>
/// <param name="Configuration">The configuration's name.</param>
/// <param name="Check">What was checked.</param>
/// <param name="Result">Passed, Warning or Failed.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Hint">The next step; empty when it passed.</param>
public sealed record ConnectionCheck(string Configuration, string Check, CheckResult Result, string Detail, string Hint);
