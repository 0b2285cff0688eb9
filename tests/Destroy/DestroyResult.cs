namespace KlarKonform.Backup.Destroy;

/// <summary>The result of a seed's trial.</summary>
/// <param name="Seed">The seed.</param>
public sealed record DestroyResult(int Seed)
{
    /// <summary>What was needed, or had to be kept, and was removed although only the product could have done it.</summary>
    public IReadOnlyList<string> NeededDeleted { get; init; } = [];

    /// <summary>Losses after which a run said Succeeded.</summary>
    public IReadOnlyList<string> LossesUnnoticed { get; init; } = [];

    /// <summary>Snapshots on hold that were removed, and audit logs that silently lost entries.</summary>
    public IReadOnlyList<string> HoldsBroken { get; init; } = [];

    /// <summary>What stock restic, or the comparison with the tenant, reports as wrong at the end.</summary>
    public IReadOnlyList<string> ResticDisagrees { get; init; } = [];

    /// <summary>What was done, in order.</summary>
    public IReadOnlyList<string> Account { get; init; } = [];

    /// <summary>How often each kind of thing was done.</summary>
    public IReadOnlyDictionary<string, int> Done { get; init; } = new Dictionary<string, int>();

    /// <summary>Whether all promises held.</summary>
    public bool Holds => NeededDeleted.Count + LossesUnnoticed.Count + HoldsBroken.Count + ResticDisagrees.Count == 0;
}
