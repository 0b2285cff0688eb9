using KlarKonform.Backup.Repository.Trees;

namespace KlarKonform.Backup.Repository.Restoring;

/// <summary>A file of a snapshot and its destination.</summary>
/// <param name="Node">The file's node.</param>
/// <param name="Path">The local path; its folder must exist, and every part of it must be safe.</param>
/// <param name="Overwrite">Whether to replace an existing file.</param>
public sealed record FileToRestore(Node Node, string Path, bool Overwrite);
