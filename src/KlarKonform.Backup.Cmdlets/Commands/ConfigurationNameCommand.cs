using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>A cmdlet that works on one or more configurations by name.</summary>
public abstract class ConfigurationNameCommand : BackupCmdlet
{
    /// <summary>The configurations' names; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Configuration")]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    private protected string Current { get; private set; } = "";

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (var pattern in Name)
        {
            IReadOnlyList<string> names = [pattern];
            var errors = new List<BackupException>();
            if (
                WildcardPattern.ContainsWildcardCharacters(pattern)
                && !Run(async token =>
                    names = [.. (await ListAsync(pattern, errors, token).ConfigureAwait(false)).Select(each => each.Name)]
                )
            )
                continue;
            foreach (var name in names)
            {
                Current = name;
                ProcessConfiguration(name);
            }

            // Last, so that one that cannot be read does not hide the others.
            foreach (var error in errors)
                WriteError(ErrorRecords.From(error));
        }
    }

    /// <summary>Works on one configuration.</summary>
    private protected abstract void ProcessConfiguration(string name);
}
