namespace KlarKonform.Backup;

/// <summary>How much an integrity check reads.</summary>
public sealed record IntegrityOptions
{
    /// <summary>Share of the data to read and decrypt, 0 (structure only) to 1.</summary>
    public double DataShare { get; init; }
}
