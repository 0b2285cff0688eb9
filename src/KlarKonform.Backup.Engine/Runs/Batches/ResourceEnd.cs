namespace KlarKonform.Backup.Engine.Runs.Batches;

/// <summary>How a resource's part of a run ended.</summary>
/// <param name="Status">Succeeded or Failed.</param>
internal sealed record ResourceEnd(BackupState Status)
{
    /// <summary>Whether it leaves no trace in the snapshot.</summary>
    public bool IsWithdrawn { get; init; }

    /// <summary>Whether it could not be read, or did not exist, so that nothing was counted.</summary>
    public bool IsSkipped { get; init; }

    /// <summary>The error's code, or null.</summary>
    public string? Code { get; init; }

    /// <summary>The error for the admin, or null.</summary>
    public string? Message { get; init; }
}
