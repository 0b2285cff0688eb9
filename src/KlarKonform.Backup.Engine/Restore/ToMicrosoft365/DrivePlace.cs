namespace KlarKonform.Backup.Engine.Restore.ToMicrosoft365;

/// <summary>The drive that a path of the source is restored to.</summary>
/// <param name="Drive">The drive's id.</param>
/// <param name="Name">The library's name; empty for a user's drive.</param>
/// <param name="Folders">Those folders of the path that are inside the drive.</param>
internal sealed record DrivePlace(string Drive, string Name, IReadOnlyList<RestoreFolder> Folders);
