namespace KlarKonform.Backup.Storage.Folder;

/// <summary>An entry of a local folder.</summary>
/// <param name="Path">Its absolute path.</param>
/// <param name="IsFolder">Whether it is a folder, or a link to one.</param>
/// <param name="IsLink">Whether it may be a link.</param>
internal readonly record struct LocalEntry(string Path, bool IsFolder, bool IsLink);
