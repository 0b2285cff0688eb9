using System.Management.Automation;
using System.Management.Automation.Host;
using KlarKonform.Backup.Cmdlets.Completion;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <summary>Changes a configuration: what is not given stays as it is.</summary>
[Cmdlet(VerbsCommon.Set, "KKBackupConfiguration", SupportsShouldProcess = true, DefaultParameterSetName = KeepTargetSet)]
[OutputType(typeof(BackupConfiguration))]
public sealed class SetKKBackupConfigurationCommand : ConfigurationCommand
{
    /// <summary>The configuration's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    public string Name { get; set; } = "";

    /// <summary>Why a Legal policy is shortened: for the audit log.</summary>
    [Parameter]
    public string Reason { get; set; } = "";

    /// <summary>Who decided it: for the audit log.</summary>
    [Parameter]
    public string Author { get; set; } = Environment.UserName;

    /// <summary>Shortens a Legal policy without asking.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (!ShouldProcess(Name, Texts.Get("Action_ChangeConfiguration")))
            return;
        Run(async token =>
        {
            var present = (await Engine.GetConfigurationsAsync(Name, token).ConfigureAwait(false)).FirstOrDefault(each => string.Equals(each.Name, Name, StringComparison.OrdinalIgnoreCase))
                ?? throw new BackupException("ConfigurationNotFound", BackupErrorCategory.ObjectNotFound, Name, Name);
            await ReadCertificateAsync(token).ConfigureAwait(false);
            var (changed, secrets) = await OnPipelineAsync(() => Apply(present), token).ConfigureAwait(false);
            changed = await TrustHostKeyAsync(changed, token).ConfigureAwait(false);

            // Whatever can be refused is refused before the vault is touched, and the configuration names no secret that is not there.
            var shortens = await Engine.ShortensRetentionAsync(changed, token).ConfigureAwait(false);
            if (shortens && !await MayShortenAsync(token).ConfigureAwait(false))
                return;
            await OnPipelineAsync(() => { Store(secrets); return true; }, token).ConfigureAwait(false);
            await (shortens ? Engine.ShortenRetentionAsync(changed, Reason, Author, Secrets, token) : Engine.UpdateConfigurationAsync(changed, token)).ConfigureAwait(false);
            Post(() => WriteObject(changed));
        });
    }

    // What the law may want kept is given up only by somebody who says so, and why.
    private async Task<bool> MayShortenAsync(CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(Reason))
            throw new BackupException("RetentionReasonMissing", BackupErrorCategory.InvalidArgument, Name, Name);
        return Force || await OnPipelineAsync(Confirmed, cancellationToken).ConfigureAwait(false);
    }

    private bool Confirmed()
    {
        try
        {
            return ShouldContinue(Texts.Get("ConfirmShorten", Name), Texts.Get("ConfirmShortenTitle"));
        }
        catch (Exception exception) when (exception is HostException or PSInvalidOperationException or PSNotSupportedException)
        {
            // Nobody is there to be asked.
            throw new BackupException("ConfirmationImpossible", BackupErrorCategory.InvalidOperation, Name, Name);
        }
    }
}
