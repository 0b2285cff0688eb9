using System.Management.Automation;
using System.Management.Automation.Host;
using KlarKonform.Backup.Cmdlets.Completion;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <summary>Changes a configuration: parameters that are not given stay unchanged.</summary>
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
            var present =
                (await Engine.GetConfigurationsAsync(Name, token).ConfigureAwait(false)).FirstOrDefault(each =>
                    string.Equals(each.Name, Name, StringComparison.OrdinalIgnoreCase)
                ) ?? throw new BackupException(ErrorIds.ConfigurationNotFound, BackupErrorCategory.ObjectNotFound, Name, Name);
            await ReadCertificateAsync(token).ConfigureAwait(false);
            var (changed, secrets) = await OnPipelineAsync(() => Apply(present), token).ConfigureAwait(false);
            changed = await TrustHostKeyAsync(changed, token).ConfigureAwait(false);

            // Everything that can be refused is refused before the vault is changed, and the configuration names no secret that does not
            // exist.
            var shortens = await Engine.ShortensRetentionAsync(changed, token).ConfigureAwait(false);
            if (shortens && !await MayShortenAsync(token).ConfigureAwait(false))
                return;
            await OnPipelineAsync(
                    () =>
                    {
                        Store(secrets);
                        return true;
                    },
                    token
                )
                .ConfigureAwait(false);
            await (
                shortens
                    ? Engine.ShortenRetentionAsync(changed, Reason, Author, Secrets, token)
                    : Engine.UpdateConfigurationAsync(changed, token)
            ).ConfigureAwait(false);
            Post(() => WriteObject(changed));
        });
    }

    // What the law may require to be kept is only given up if someone explicitly says so, and why.
    private async Task<bool> MayShortenAsync(CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(Reason))
            throw new BackupException(ErrorIds.RetentionReasonMissing, BackupErrorCategory.InvalidArgument, Name, Name);
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
            // No one can be asked.
            throw new BackupException(ErrorIds.ConfirmationImpossible, BackupErrorCategory.InvalidOperation, Name, Name);
        }
    }
}
