using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

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
            RunEach(
                async (errors, token) =>
                {
                    var found = await ListAsync(name, errors, token).ConfigureAwait(false);
                    Post(() => WriteObject(found, enumerateCollection: true));
                }
            );
        }
    }
}
