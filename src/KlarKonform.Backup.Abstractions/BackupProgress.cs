namespace KlarKonform.Backup;

/// <summary>How far an operation has come.</summary>
/// <param name="Resource">The resource concerned, or null for the whole operation.</param>
/// <param name="Text">What happens now, in the user's language.</param>
/// <param name="Percent">0 to 100, or -1 if unknown.</param>
/// <param name="Completed">Whether this is the last message about it.</param>
public sealed record BackupProgress(string? Resource, string Text, int Percent, bool Completed)
{
    /// <summary>What is being read at the moment, or null.</summary>
    public string? CurrentOperation { get; init; }

    /// <summary>Estimated time remaining in seconds, or -1 if unknown.</summary>
    public int SecondsRemaining { get; init; } = -1;
}
