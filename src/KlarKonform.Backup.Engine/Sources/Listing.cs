namespace KlarKonform.Backup.Engine.Sources;

/// <summary>What a tenant was found to have when a run began.</summary>
/// <param name="Sources">The resources to back up.</param>
/// <param name="Known">Ids of users, sites and drives that are there.</param>
/// <param name="SitesListed">Whether the tenant's sites were listed: otherwise nobody knows which are gone.</param>
internal sealed record Listing(IReadOnlyList<IResourceSource> Sources, IReadOnlySet<string> Known, bool SitesListed);
