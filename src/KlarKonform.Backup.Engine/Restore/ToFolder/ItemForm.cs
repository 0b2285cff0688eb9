namespace KlarKonform.Backup.Engine.Restore.ToFolder;

/// <summary>
/// What becomes of an entry: a file of its own, a part of another file, or neither, because an accompanying file says the same.
/// </summary>
/// <param name="AsFile">Whether it is a file of its own.</param>
/// <param name="Combined">The combined file that it is added to, or null.</param>
/// <param name="Note">What the report says about it, or null.</param>
internal sealed record ItemForm(bool AsFile, CombinedFile? Combined = null, string? Note = null);
