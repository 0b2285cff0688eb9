using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Repository.Keys;

/// <summary>A key of the repository: one password that opens it.</summary>
/// <param name="Id">The key file's id.</param>
/// <param name="UserName">Who made it.</param>
/// <param name="HostName">Where.</param>
/// <param name="Created">When.</param>
/// <param name="IsCurrent">Whether the repository was opened with it.</param>
public sealed record RepositoryKey(BlobId Id, string UserName, string HostName, DateTimeOffset Created, bool IsCurrent);
