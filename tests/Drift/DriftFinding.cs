namespace KlarKonform.Backup.Drift;

/// <summary>What a comparison reports about an item.</summary>
internal enum DriftLoss
{
    /// <summary>It was not altered, and is missing or different.</summary>
    Untouched,

    /// <summary>It was altered, is stored neither as in the tenant nor as it arrived, and no failure names it.</summary>
    Silent,
}

/// <summary>An item that differs between snapshot and tenant, without a recorded reason.</summary>
internal sealed record DriftFinding(DriftLoss Loss, string Item, string What);
