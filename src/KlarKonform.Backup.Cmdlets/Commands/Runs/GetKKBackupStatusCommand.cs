using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.Runs;

/// <summary>Shows the status of configurations.</summary>
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

    /// <summary>One row per resource of the last run.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <summary>Uses the repository instead of this computer's journal.</summary>
    [Parameter]
    public SwitchParameter FromRepository { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (var pattern in Name)
        {
            RunEach(
                async (errors, token) =>
                {
                    foreach (var configuration in await ListAsync(pattern, errors, token).ConfigureAwait(false))
                    {
                        try
                        {
                            var status = FromRepository
                                ? await Engine.GetRepositoryStatusAsync(configuration.Name, Secrets, token).ConfigureAwait(false)
                                : await Engine.GetStatusAsync(configuration.Name, token).ConfigureAwait(false);
                            Post(() => Show(status));
                        }
                        catch (BackupException exception)
                        {
                            errors.Add(exception); // A repository that cannot be reached is one error; the next one may be reachable.
                        }
                    }
                }
            );
        }
    }

    private void Show(BackupStatus status)
    {
        foreach (var problem in status.Problems)
            WriteWarning(problem);
        WriteObject(Detailed ? status.Resources : status, enumerateCollection: true);
    }
}
