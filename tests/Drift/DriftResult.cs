namespace KlarKonform.Backup.Drift;

/// <summary>The result of a seed.</summary>
/// <param name="Seed">The seed.</param>
public sealed record DriftResult(int Seed)
{
    /// <summary>Why a run failed: it threw, or ended worse than Partial or without a snapshot.</summary>
    public IReadOnlyList<string> RunsLost { get; init; } = [];

    /// <summary>Items that were not altered but are not stored as in the tenant.</summary>
    public IReadOnlyList<string> UntouchedLost { get; init; } = [];

    /// <summary>Items that were altered, are stored neither as they are nor as they arrived, and that no failure names.</summary>
    public IReadOnlyList<string> SilentLosses { get; init; } = [];

    /// <summary>Failures of things that were not altered.</summary>
    public IReadOnlyList<string> UnrelatedFailures { get; init; } = [];

    /// <summary>What differed from the tenant after the last run, and what a check of the repository reported.</summary>
    public IReadOnlyList<string> Unrepaired { get; init; } = [];

    /// <summary>Whether an ordinary run was not enough to match the tenant again.</summary>
    public bool NeededFull { get; init; }

    /// <summary>What differed before the full run.</summary>
    public IReadOnlyList<string> BeforeFull { get; init; } = [];

    /// <summary>How many things were altered.</summary>
    public int Touched { get; init; }

    /// <summary>How many failures the run named.</summary>
    public int Failures { get; init; }

    /// <summary>What happened, in words for people.</summary>
    public IReadOnlyList<string> Account { get; init; } = [];

    /// <summary>Whether the property holds.</summary>
    public bool Holds => RunsLost.Count + UntouchedLost.Count + SilentLosses.Count + UnrelatedFailures.Count + Unrepaired.Count == 0;
}
