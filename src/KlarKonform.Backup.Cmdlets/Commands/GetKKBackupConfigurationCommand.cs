using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>Lists configurations.</summary>
[Cmdlet(VerbsCommon.Get, "KKBackupConfiguration")]
[OutputType(typeof(BackupConfiguration))]
public sealed class GetKKBackupConfigurationCommand : BackupCmdlet
{
    /// <summary>Names; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (var name in Name)
        {
            Run(async token =>
            {
                var found = await Engine.GetConfigurationsAsync(name, token).ConfigureAwait(false);
                if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                    throw new BackupException("ConfigurationNotFound", BackupErrorCategory.ObjectNotFound, name, name);
                Post(() => WriteObject(found, enumerateCollection: true));
            });
        }
    }
}
