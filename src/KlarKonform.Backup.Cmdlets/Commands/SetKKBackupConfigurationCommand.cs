using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands;

/// <summary>Changes a configuration: what is not given stays as it is.</summary>
[Cmdlet(VerbsCommon.Set, "KKBackupConfiguration", SupportsShouldProcess = true, DefaultParameterSetName = KeepTargetSet)]
[OutputType(typeof(BackupConfiguration))]
public sealed class SetKKBackupConfigurationCommand : ConfigurationCommand
{
    /// <summary>The configuration's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    public string Name { get; set; } = "";

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
            await Engine.UpdateConfigurationAsync(changed, token).ConfigureAwait(false);
            await OnPipelineAsync(() => { Store(secrets); return true; }, token).ConfigureAwait(false);
            Post(() => WriteObject(changed));
        });
    }
}
