using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Repository.Restoring;

/// <summary>A file of a snapshot and where it goes.</summary>
/// <param name="Node">The file's node.</param>
/// <param name="Path">The local path; its folder must exist, and every part of it must be safe.</param>
/// <param name="Overwrite">Whether a file that is there already is replaced.</param>
public sealed record FileToRestore(Node Node, string Path, bool Overwrite);
