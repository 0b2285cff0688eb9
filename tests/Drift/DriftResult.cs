namespace KlarKonform.Backup.Drift;

/// <summary>What became of a seed.</summary>
/// <param name="Seed">The seed.</param>
public sealed record DriftResult(int Seed)
{
    /// <summary>Why a run was lost: it threw, or ended worse than Partial or without a snapshot.</summary>
    public IReadOnlyList<string> RunsLost { get; init; } = [];

    /// <summary>Items that nobody touched and that are not stored as the tenant has them.</summary>
    public IReadOnlyList<string> UntouchedLost { get; init; } = [];

    /// <summary>Items that were touched, are not stored as they are or arrived, and that no failure names.</summary>
    public IReadOnlyList<string> SilentLosses { get; init; } = [];

    /// <summary>Failures of things that nobody touched.</summary>
    public IReadOnlyList<string> UnrelatedFailures { get; init; } = [];

    /// <summary>What differed from the tenant after the last run, and what a check of the repository complained about.</summary>
    public IReadOnlyList<string> Unrepaired { get; init; } = [];

    /// <summary>Whether an ordinary run was not enough to be equal to the tenant again.</summary>
    public bool NeededFull { get; init; }

    /// <summary>What differed then.</summary>
    public IReadOnlyList<string> BeforeFull { get; init; } = [];

    /// <summary>How many things were touched.</summary>
    public int Touched { get; init; }

    /// <summary>How many failures the run named.</summary>
    public int Failures { get; init; }

    /// <summary>What happened, for people.</summary>
    public IReadOnlyList<string> Account { get; init; } = [];

    /// <summary>Whether the property holds.</summary>
    public bool Holds => RunsLost.Count + UntouchedLost.Count + SilentLosses.Count + UnrelatedFailures.Count + Unrepaired.Count == 0;
}
