namespace KlarKonform.Backup;

/// <summary>What is backed up.</summary>
public sealed record SourceSettings
{
    /// <summary>Mail of every user, or null.</summary>
    public SourceSelection? Mail { get; init; }

    /// <summary>OneDrive of every user, or null.</summary>
    public SourceSelection? OneDrive { get; init; }
}
