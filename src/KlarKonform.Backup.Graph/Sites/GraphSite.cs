namespace KlarKonform.Backup.Graph.Sites;

/// <summary>A site collection's root site, or a subsite.</summary>
/// <param name="Id">Host, site collection and web, separated by commas; never changes.</param>
/// <param name="Title">The name that people see.</param>
/// <param name="WebUrl">Its address.</param>
/// <param name="IsPersonal">Whether it carries a OneDrive.</param>
public sealed record GraphSite(string Id, string Title, Uri WebUrl, bool IsPersonal);
