namespace KlarKonform.Backup.Graph.Governing;

/// <summary>Services with limits of their own.</summary>
public enum GraphService
{
    /// <summary>Mail, calendar and contacts.</summary>
    Outlook,

    /// <summary>OneDrive and SharePoint.</summary>
    SharePoint,

    /// <summary>The directory.</summary>
    Identity,
}
