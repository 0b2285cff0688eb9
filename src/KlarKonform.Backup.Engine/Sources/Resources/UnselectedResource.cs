namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>A resource that is in the tenant but excluded by a configuration's patterns.</summary>
/// <param name="Kind">Mail, OneDrive, SharePoint, …</param>
/// <param name="Id">Its id, as in manifests.</param>
/// <param name="Name">Its name, as shown by runs.</param>
internal sealed record UnselectedResource(string Kind, string Id, string Name);
