using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <content>What to back up.</content>
public abstract partial class ConfigurationCommand
{
    /// <summary>What to back up.</summary>
    [Parameter]
    [ValidateSet("Mail", "Calendar", "Contacts", "Directory", "OneDrive", "SharePoint", "WhatsApp")]
    public string[]? Source { get; set; }

    /// <summary>Patterns of user names to include.</summary>
    [Parameter]
    [AllowNull]
    [AllowEmptyCollection]
    public string[]? Include { get; set; }

    /// <summary>Patterns of user names to exclude.</summary>
    [Parameter]
    [AllowNull]
    [AllowEmptyCollection]
    public string[]? Exclude { get; set; }

    /// <summary>Patterns of SharePoint sites to include: title, address or path.</summary>
    [Parameter]
    [AllowNull]
    [AllowEmptyCollection]
    public string[]? IncludeSite { get; set; }

    /// <summary>Patterns of SharePoint sites to exclude.</summary>
    [Parameter]
    [AllowNull]
    [AllowEmptyCollection]
    public string[]? ExcludeSite { get; set; }

    /// <summary>How many older versions of a file's content to keep in OneDrive and SharePoint.</summary>
    [Parameter]
    [ValidateRange(0, 500)]
    public int OlderVersions { get; set; }

    /// <summary>Whether to keep content type, retention label and columns with every file.</summary>
    [Parameter]
    public SwitchParameter IncludeColumns { get; set; }

    /// <summary>Whether to leave out the lists of files' versions.</summary>
    [Parameter]
    public SwitchParameter SkipVersionList { get; set; }

    /// <summary>Whether to leave out permissions and sharing links.</summary>
    [Parameter]
    public SwitchParameter SkipPermissions { get; set; }

    /// <summary>Whether to include the dumpster (recoverable items) in mail.</summary>
    [Parameter]
    public SwitchParameter IncludeRecoverableItems { get; set; }

    /// <summary>Whether to include the in-place archive mailbox in mail.</summary>
    [Parameter]
    public SwitchParameter IncludeArchive { get; set; }

    private SourceSettings ApplySources(SourceSettings present, Func<string, object?, string?, string?, string?> secret)
    {
        var changed = NewSources(present, secret);

        // A pattern for something that is not backed up would be silently dropped.
        if ((Include ?? Exclude) is { Length: > 0 } && changed is { Mail: null, Calendar: null, Contacts: null, OneDrive: null })
            throw PatternWithoutSource(
                Include is { Length: > 0 } ? nameof(Include) : nameof(Exclude),
                "Mail, Calendar, Contacts, OneDrive"
            );
        if ((IncludeSite ?? ExcludeSite) is { Length: > 0 } && changed.SharePoint is null)
            throw PatternWithoutSource(IncludeSite is { Length: > 0 } ? nameof(IncludeSite) : nameof(ExcludeSite), "SharePoint");
        return changed;
    }

    private static BackupException PatternWithoutSource(string parameter, string sources) =>
        new(ErrorIds.PatternWithoutSource, BackupErrorCategory.InvalidArgument, parameter, parameter, sources);

    private SourceSettings NewSources(SourceSettings present, Func<string, object?, string?, string?, string?> secret) =>
        new()
        {
            Mail = Wanted("Mail", present.Mail)
                ? Select(present.Mail ?? new MailSelection()) with
                {
                    RecoverableItems = Given(nameof(IncludeRecoverableItems)) ? IncludeRecoverableItems : present.Mail?.RecoverableItems,
                    Archive = Given(nameof(IncludeArchive)) ? IncludeArchive : present.Mail?.Archive,
                }
                : null,
            Calendar = Wanted("Calendar", present.Calendar) ? Select(present.Calendar ?? new SourceSelection()) : null,
            Contacts = Wanted("Contacts", present.Contacts) ? Select(present.Contacts ?? new SourceSelection()) : null,
            Directory = Wanted("Directory", present.Directory) ? present.Directory ?? new DirectorySettings() : null,
            OneDrive = Wanted("OneDrive", present.OneDrive) ? Files(Select(present.OneDrive ?? new DriveSelection())) : null,
            SharePoint = Wanted("SharePoint", present.SharePoint)
                ? Files(present.SharePoint ?? new DriveSelection()) with
                {
                    Include = Patterns(nameof(IncludeSite), IncludeSite, present.SharePoint?.Include),
                    Exclude = Patterns(nameof(ExcludeSite), ExcludeSite, present.SharePoint?.Exclude),
                }
                : null,
            WhatsApp = ApplyWhatsApp(present.WhatsApp, secret),
        };

    private bool Wanted(string name, object? present) =>
        Source is null ? present is not null : Source.Contains(name, StringComparer.OrdinalIgnoreCase);

    private DriveSelection Files(DriveSelection present) =>
        present with
        {
            OlderVersions = Given(nameof(OlderVersions)) ? OlderVersions : present.OlderVersions,
            Columns = Given(nameof(IncludeColumns)) ? IncludeColumns : present.Columns,
            VersionList = Given(nameof(SkipVersionList)) ? !SkipVersionList : present.VersionList,
            Permissions = Given(nameof(SkipPermissions)) ? !SkipPermissions : present.Permissions,
        };

    private T Select<T>(T present)
        where T : SourceSelection =>
        present with
        {
            Include = Patterns(nameof(Include), Include, present.Include),
            Exclude = Patterns(nameof(Exclude), Exclude, present.Exclude),
        };

    // What is given counts, even if empty: $null and an empty list remove the patterns.
    private IReadOnlyList<string>? Patterns(string parameter, string[]? given, IReadOnlyList<string>? present) =>
        !Given(parameter) ? present
        : given is { Length: > 0 } ? given
        : null;
}
