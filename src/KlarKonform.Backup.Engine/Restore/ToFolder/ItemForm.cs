namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>What becomes of an entry: a file of its own, a part of another, or neither, because a file beside it says the same.</summary>
/// <param name="AsFile">Whether it is a file of its own.</param>
/// <param name="Combined">The file that it is put into, or null.</param>
/// <param name="Note">What the report says of it, or null.</param>
internal sealed record ItemForm(bool AsFile, CombinedFile? Combined = null, string? Note = null);
