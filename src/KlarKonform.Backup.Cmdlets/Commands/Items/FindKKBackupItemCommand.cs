using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;

namespace KlarKonform.Backup.Cmdlets.Commands.Items;

/// <summary>Finds items in a configuration's snapshots.</summary>
[Cmdlet(VerbsCommon.Find, "KKBackupItem")]
[OutputType(typeof(BackupItem))]
public sealed class FindKKBackupItemCommand : ConfigurationNameCommand
{
    /// <summary>Name of the file or folder.</summary>
    [Parameter(Position = 1)]
    [SupportsWildcards]
    public string? ItemName { get; set; }

    /// <summary>Subject of a mail or event, or a person's name.</summary>
    [Parameter]
    [SupportsWildcards]
    public string? Subject { get; set; }

    /// <summary>Sender or organizer.</summary>
    [Parameter]
    [SupportsWildcards]
    public string? From { get; set; }

    /// <summary>Recipient.</summary>
    [Parameter]
    [SupportsWildcards]
    public string? To { get; set; }

    /// <summary>Where to look.</summary>
    [Parameter]
    [ValidateSet("Mail", "Calendar", "Contacts", "Directory", "OneDrive", "SharePoint", "WhatsApp")]
    public string[] Source { get; set; } = [];

    /// <summary>Mailbox, drive or site.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ResourceCompleter))]
    public string? Resource { get; set; }

    /// <summary>Not before.</summary>
    [Parameter]
    public DateTime After { get; set; }

    /// <summary>Not after.</summary>
    [Parameter]
    public DateTime Before { get; set; }

    /// <summary>Minimum size in bytes.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long MinimumSize { get; set; }

    /// <summary>Maximum size in bytes.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long MaximumSize { get; set; }

    /// <summary>One snapshot; by default all.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    public string? SnapshotId { get; set; }

    /// <summary>Only kept deleted items.</summary>
    [Parameter]
    public SwitchParameter Deleted { get; set; }

    /// <summary>Also finds folders.</summary>
    [Parameter]
    public SwitchParameter IncludeFolder { get; set; }

    private protected override string Activity => Texts.Get("Activity_Search");

    private protected override void ProcessConfiguration(string name)
    {
        var query = new ItemQuery
        {
            Name = ItemName,
            Subject = Subject,
            From = From,
            To = To,
            Sources = Source,
            Resource = Resource,
            After = Given(nameof(After)) ? new DateTimeOffset(After) : null,
            Before = Given(nameof(Before)) ? new DateTimeOffset(Before) : null,
            MinimumSize = Given(nameof(MinimumSize)) ? MinimumSize : null,
            MaximumSize = Given(nameof(MaximumSize)) ? MaximumSize : null,
            SnapshotId = SnapshotId,
            Deleted = Given(nameof(Deleted)) ? Deleted : null,
            IncludeFolders = IncludeFolder,
        };
        Run(async token =>
        {
            await foreach (var item in Engine.FindItemsAsync(name, query, Secrets, Observer, token).ConfigureAwait(false))
                Post(() => WriteObject(item));
        });
    }

    private bool Given(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);
}
