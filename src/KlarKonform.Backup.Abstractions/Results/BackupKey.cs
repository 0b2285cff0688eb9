namespace KlarKonform.Backup;

/// <summary>A password that opens a repository. The password itself is not part of it.</summary>
/// <param name="Configuration">The configuration's name.</param>
/// <param name="Id">The key's id.</param>
/// <param name="Created">When it was added.</param>
/// <param name="UserName">Who added it.</param>
/// <param name="HostName">The machine on which it was added.</param>
/// <param name="IsCurrent">Whether the configuration's password belongs to it.</param>
public sealed record BackupKey(string Configuration, string Id, DateTimeOffset Created, string UserName, string HostName, bool IsCurrent);
