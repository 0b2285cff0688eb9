namespace KlarKonform.Backup;

/// <summary>The configurations that were found.</summary>
/// <param name="Configurations">Those that can be read, by name.</param>
/// <param name="Problems">An error for each file that cannot be read.</param>
public sealed record ConfigurationListing(IReadOnlyList<BackupConfiguration> Configurations, IReadOnlyList<BackupException> Problems);
