namespace KlarKonform.Backup.Engine.Sources.Resources;

/// <summary>A resource that is in the tenant and that a configuration's patterns leave out.</summary>
/// <param name="Kind">Mail, OneDrive, SharePoint, …</param>
/// <param name="Id">Its id, as manifests have it.</param>
/// <param name="Name">Its name, as runs show it.</param>
internal sealed record UnselectedResource(string Kind, string Id, string Name);
