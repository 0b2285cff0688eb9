namespace KlarKonform.Backup;

/// <summary>How much an integrity check reads.</summary>
public sealed record IntegrityOptions
{
    /// <summary>Whether to read and decrypt data, not only the structure.</summary>
    public bool ReadData { get; init; }

    /// <summary>How much of the data: <c>1/20</c>, <c>5%</c> or <c>500MB</c>; all of it if null.</summary>
    public string? Share { get; init; }
}
