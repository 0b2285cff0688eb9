using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <content>What is backed up.</content>
public abstract partial class ConfigurationCommand
{
    /// <summary>What to back up.</summary>
    [Parameter]
    [ValidateSet("Mail", "Calendar", "Contacts", "Directory", "OneDrive", "SharePoint", "WhatsApp")]
    public string[]? Source { get; set; }

    /// <summary>User name patterns to take.</summary>
    [Parameter]
    public string[]? Include { get; set; }

    /// <summary>User name patterns to leave out.</summary>
    [Parameter]
    public string[]? Exclude { get; set; }

    /// <summary>Patterns of SharePoint sites to take: title, address or path.</summary>
    [Parameter]
    public string[]? IncludeSite { get; set; }

    /// <summary>Patterns of SharePoint sites to leave out.</summary>
    [Parameter]
    public string[]? ExcludeSite { get; set; }

    /// <summary>How many older contents of a file in OneDrive and SharePoint are kept.</summary>
    [Parameter]
    [ValidateRange(0, 500)]
    public int OlderVersions { get; set; }

    /// <summary>Whether content type, retention label and columns are kept with every file.</summary>
    [Parameter]
    public SwitchParameter IncludeColumns { get; set; }

    /// <summary>Whether the lists of files' versions are left out.</summary>
    [Parameter]
    public SwitchParameter SkipVersionList { get; set; }

    /// <summary>Whether permissions and sharing links are left out.</summary>
    [Parameter]
    public SwitchParameter SkipPermissions { get; set; }

    /// <summary>Whether mail includes the dumpster (recoverable items).</summary>
    [Parameter]
    public SwitchParameter IncludeRecoverableItems { get; set; }

    /// <summary>Whether mail includes the in-place archive mailbox.</summary>
    [Parameter]
    public SwitchParameter IncludeArchive { get; set; }

    private SourceSettings ApplySources(SourceSettings present, Func<string, object?, string?, string?, string?> secret) => new()
    {
        Mail = Wanted("Mail", present.Mail) ? Select(present.Mail ?? new MailSelection()) with
        {
            RecoverableItems = Given(nameof(IncludeRecoverableItems)) ? IncludeRecoverableItems : present.Mail?.RecoverableItems,
            Archive = Given(nameof(IncludeArchive)) ? IncludeArchive : present.Mail?.Archive,
        } : null,
        Calendar = Wanted("Calendar", present.Calendar) ? Select(present.Calendar ?? new SourceSelection()) : null,
        Contacts = Wanted("Contacts", present.Contacts) ? Select(present.Contacts ?? new SourceSelection()) : null,
        Directory = Wanted("Directory", present.Directory) ? present.Directory ?? new DirectorySettings() : null,
        OneDrive = Wanted("OneDrive", present.OneDrive) ? Files(Select(present.OneDrive ?? new DriveSelection())) : null,
        SharePoint = Wanted("SharePoint", present.SharePoint) ? Files(present.SharePoint ?? new DriveSelection()) with
        {
            Include = IncludeSite ?? present.SharePoint?.Include,
            Exclude = ExcludeSite ?? present.SharePoint?.Exclude,
        } : null,
        WhatsApp = ApplyWhatsApp(present.WhatsApp, secret),
    };

    private bool Wanted(string name, object? present) => Source is null ? present is not null : Source.Contains(name, StringComparer.OrdinalIgnoreCase);

    private DriveSelection Files(DriveSelection present) => present with
    {
        OlderVersions = Given(nameof(OlderVersions)) ? OlderVersions : present.OlderVersions,
        Columns = Given(nameof(IncludeColumns)) ? IncludeColumns : present.Columns,
        VersionList = Given(nameof(SkipVersionList)) ? !SkipVersionList : present.VersionList,
        Permissions = Given(nameof(SkipPermissions)) ? !SkipPermissions : present.Permissions,
    };

    private T Select<T>(T present) where T : SourceSelection => present with
    {
        Include = Include ?? present.Include,
        Exclude = Exclude ?? present.Exclude,
    };
}
