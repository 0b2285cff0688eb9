namespace KlarKonform.Backup.WhatsApp.Archive;

/// <summary>What a message said before it was changed or deleted.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Replaced">When the archive saw the newer one; UTC.</param>
public sealed record ChatVersion(string Text, DateTimeOffset Replaced);
