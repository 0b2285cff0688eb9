using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <content>What is backed up.</content>
public abstract partial class ConfigurationCommand
{
    /// <summary>What to back up.</summary>
    [Parameter]
    [ValidateSet("Mail", "Calendar", "Contacts", "Directory", "OneDrive")]
    public string[]? Source { get; set; }

    /// <summary>User name patterns to take.</summary>
    [Parameter]
    public string[]? Include { get; set; }

    /// <summary>User name patterns to leave out.</summary>
    [Parameter]
    public string[]? Exclude { get; set; }

    /// <summary>Whether mail includes the dumpster (recoverable items).</summary>
    [Parameter]
    public SwitchParameter IncludeRecoverableItems { get; set; }

    /// <summary>Whether mail includes the in-place archive mailbox.</summary>
    [Parameter]
    public SwitchParameter IncludeArchive { get; set; }

    private SourceSettings ApplySources(SourceSettings present) => new()
    {
        Mail = Wanted("Mail", present.Mail) ? Select(present.Mail ?? new MailSelection()) with
        {
            RecoverableItems = Given(nameof(IncludeRecoverableItems)) ? IncludeRecoverableItems : present.Mail?.RecoverableItems,
            Archive = Given(nameof(IncludeArchive)) ? IncludeArchive : present.Mail?.Archive,
        } : null,
        Calendar = Wanted("Calendar", present.Calendar) ? Select(present.Calendar ?? new SourceSelection()) : null,
        Contacts = Wanted("Contacts", present.Contacts) ? Select(present.Contacts ?? new SourceSelection()) : null,
        Directory = Wanted("Directory", present.Directory) ? present.Directory ?? new DirectorySettings() : null,
        OneDrive = Wanted("OneDrive", present.OneDrive) ? Select(present.OneDrive ?? new SourceSelection()) : null,
    };

    private bool Wanted(string name, object? present) => Source is null ? present is not null : Source.Contains(name, StringComparer.OrdinalIgnoreCase);

    private T Select<T>(T present) where T : SourceSelection => present with
    {
        Include = Include ?? present.Include,
        Exclude = Exclude ?? present.Exclude,
    };
}
