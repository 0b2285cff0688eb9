namespace KlarKonform.Backup.Drift;

/// <summary>What a comparison has to say of an item.</summary>
internal enum DriftLoss
{
    /// <summary>Nobody touched it, and it is missing or another.</summary>
    Untouched,

    /// <summary>It was touched, is neither as the tenant has it nor as it arrived, and no failure names it.</summary>
    Silent,
}

/// <summary>An item of which snapshot and tenant differ, without a reason on record.</summary>
internal sealed record DriftFinding(DriftLoss Loss, string Item, string What);
