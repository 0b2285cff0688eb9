using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>Shows how configurations stand.</summary>
[Cmdlet(VerbsCommon.Get, "KKBackupStatus")]
[OutputType(typeof(BackupStatus), typeof(ResourceResult))]
public sealed class GetKKBackupStatusCommand : BackupCmdlet
{
    /// <summary>Names; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Configuration")]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    /// <summary>One row a resource of the last run.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <summary>What the repository says, not this computer's journal.</summary>
    [Parameter]
    public SwitchParameter FromRepository { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (var pattern in Name)
        {
            Run(async token =>
            {
                var found = await Engine.GetConfigurationsAsync(pattern, token).ConfigureAwait(false);
                if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(pattern))
                    throw new BackupException("ConfigurationNotFound", BackupErrorCategory.ObjectNotFound, pattern, pattern);
                foreach (var configuration in found)
                {
                    var status = FromRepository
                        ? await Engine.GetRepositoryStatusAsync(configuration.Name, Secrets, token).ConfigureAwait(false)
                        : await Engine.GetStatusAsync(configuration.Name, token).ConfigureAwait(false);
                    Post(() => WriteObject(Detailed ? status.Resources : status, enumerateCollection: true));
                }
            });
        }
    }
}
