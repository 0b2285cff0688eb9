namespace KlarKonform.Backup;

/// <summary>How far something is.</summary>
/// <param name="Resource">The resource, or null for the whole run.</param>
/// <param name="Text">What happens now, in the user's language.</param>
/// <param name="Percent">0–100, or -1 when nobody knows.</param>
/// <param name="Completed">Whether it is over.</param>
public sealed record BackupProgress(string? Resource, string Text, int Percent, bool Completed);
