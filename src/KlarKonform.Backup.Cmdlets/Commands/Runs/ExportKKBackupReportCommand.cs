using System.Globalization;
using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Runs;

/// <summary>Writes a report as one HTML file.</summary>
[Cmdlet(VerbsData.Export, "KKBackupReport", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportKKBackupReportCommand : BackupCmdlet
{
    private const int MaxDays = 400;

    private readonly List<string> _names = [];

    /// <summary>The file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The configurations; by default all.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Configuration")]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    /// <summary>How many days back.</summary>
    [Parameter]
    [ValidateRange(1, MaxDays)]
    public int Days { get; set; } = 90;

    /// <summary>The page's title.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Title { get; set; }

    /// <summary>The page's language; by default the session's.</summary>
    [Parameter]
    [ValidateSet("de", "en")]
    public string? Language { get; set; }

    /// <summary>Replaces an existing file.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord() => _names.AddRange(Name);

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        var path = FullPath(Path);
        if (!ShouldProcess(path, Texts.Get("Action_ExportReport")))
            return;
        var request = new ReportRequest
        {
            Names = _names,
            Path = path,
            Days = Days,
            Title = Title,
            Overwrite = Force,
        };
        IReadOnlyList<BackupException> problems = [];
        var written = Run(async token =>
        {
            // The language applies only to this call: it flows with the asynchronous work, not with the process.
            if (Language is not null)
                CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(
                    Language == "de" ? "de-DE" : "en-GB"
                );
            problems = await Engine.ExportReportAsync(request, token).ConfigureAwait(false);
        });
        if (written)
            WriteObject(new FileInfo(path));
        foreach (var problem in problems)
            WriteError(ErrorRecords.From(problem));
    }
}
