namespace KlarKonform.Backup.Repository.Format;

/// <summary>A file of the repository that its id names, and its bytes as stored.</summary>
internal readonly record struct ListedFile(BlobId Id, long Size);
