namespace KlarKonform.Backup;

/// <summary>How far an operation is.</summary>
/// <param name="Resource">The resource that it is about, or null for the whole.</param>
/// <param name="Text">What happens now, in the user's language.</param>
/// <param name="Percent">0 to 100, or -1 when unknown.</param>
/// <param name="Completed">Whether this is the last message about it.</param>
public sealed record BackupProgress(string? Resource, string Text, int Percent, bool Completed)
{
    /// <summary>What is read at this moment, or null.</summary>
    public string? CurrentOperation { get; init; }

    /// <summary>Estimate of the time that is left, in seconds, or -1 when nobody can say.</summary>
    public int SecondsRemaining { get; init; } = -1;
}
