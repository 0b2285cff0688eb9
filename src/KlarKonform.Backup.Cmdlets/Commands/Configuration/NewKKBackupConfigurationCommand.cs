using System.Management.Automation;

namespace KlarKonform.Backup.Cmdlets.Commands.Configuration;

/// <summary>Creates a configuration.</summary>
[Cmdlet(VerbsCommon.New, "KKBackupConfiguration", SupportsShouldProcess = true, DefaultParameterSetName = FolderSet)]
[OutputType(typeof(BackupConfiguration))]
public sealed class NewKKBackupConfigurationCommand : ConfigurationCommand
{
    /// <summary>The new configuration's name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    public string Name { get; set; } = "";

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (CanAsk)
            AskForMissing(new ConfigurationQuestions(Host.UI, Name));
        BackupConfiguration configuration = null!;
        IReadOnlyList<(SecretReference, object)> secrets = [];
        var valid = Run(async token =>
        {
            await ReadCertificateAsync(token).ConfigureAwait(false);
            (configuration, secrets) = Apply(
                new BackupConfiguration
                {
                    Id = Guid.NewGuid(),
                    Name = Name,
                    Tenant = new TenantSettings
                    {
                        Id = "",
                        ClientId = "",
                        Auth = new AuthenticationSettings(),
                    },
                    Sources = new SourceSettings
                    {
                        Mail = new MailSelection(),
                        Calendar = new SourceSelection(),
                        Contacts = new SourceSelection(),
                        Directory = new DirectorySettings(),
                        OneDrive = new DriveSelection(),
                        SharePoint = new DriveSelection(),
                    },
                    Target = new TargetSettings
                    {
                        Type = Enum.TryParse<TargetType>(ParameterSetName, out var type) ? type : TargetType.Folder,
                    },
                    Repository = new RepositorySettings { Password = "" },
                }
            );
            configuration = await TrustHostKeyAsync(configuration, token).ConfigureAwait(false);
            await Engine.ValidateNewConfigurationAsync(configuration, token).ConfigureAwait(false);
        });
        if (!valid || !ShouldProcess(Name, Texts.Get("Action_CreateConfiguration")))
            return;
        var stored = Run(async token =>
        {
            await OnPipelineAsync(
                    () =>
                    {
                        Store(secrets);
                        return true;
                    },
                    token
                )
                .ConfigureAwait(false);
            await Engine.CreateConfigurationAsync(configuration, token).ConfigureAwait(false);
        });
        if (stored)
            WriteObject(configuration);
    }

    // Only what nothing else provides: a user who gave a certificate is not asked for a secret.
    private void AskForMissing(ConfigurationQuestions ask)
    {
        TenantId ??= ask.Text("Ask_Tenant");
        var isManaged =
            MyInvocation.BoundParameters.ContainsKey(nameof(AuthenticationMethod))
            && AuthenticationMethod is AuthenticationMethod.ManagedIdentity or AuthenticationMethod.WorkloadIdentity;
        if (!isManaged || AuthenticationMethod == AuthenticationMethod.WorkloadIdentity)
            ClientId ??= ask.Text("Ask_Client");
        if (
            !isManaged
            && (
                ClientSecret
                ?? (object?)ClientSecretName
                ?? CertificateFile
                ?? CertificateName
                ?? CertificateThumbprint
                ?? FederatedTokenFile
            )
                is null
        )
            ClientSecret = ask.Secret("Ask_Secret");
        if (ParameterSetName is FolderSet or KeepTargetSet)
            Path ??= ask.Text("Ask_Path");
        if (RepositoryPassword is null && RepositoryPasswordName is null)
            RepositoryPassword = ask.NewPassword("Ask_Password");
        if (
            Vault is null
            && (ClientSecret is not null || RepositoryPassword is not null || CertificateFile is not null || Credential is not null)
        )
            Vault = ask.Text("Ask_Vault");
    }
}
