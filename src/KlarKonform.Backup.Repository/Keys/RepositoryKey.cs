using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Keys;

/// <summary>A key of the repository: one password that opens it.</summary>
/// <param name="Id">The key file's id.</param>
/// <param name="UserName">The user who created it.</param>
/// <param name="HostName">The computer on which it was created.</param>
/// <param name="Created">When it was created.</param>
/// <param name="IsCurrent">Whether the repository was opened with it.</param>
public sealed record RepositoryKey(BlobId Id, string UserName, string HostName, DateTimeOffset Created, bool IsCurrent);
