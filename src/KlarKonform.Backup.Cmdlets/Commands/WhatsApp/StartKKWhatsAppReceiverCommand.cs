using System.Management.Automation;
using KlarKonform.Backup.Cmdlets.Completion;
using KlarKonform.Backup.Cmdlets.Hosting;

namespace KlarKonform.Backup.Cmdlets.Commands.WhatsApp;

/// <summary>Accepts WhatsApp's webhooks until stopped.</summary>
[Cmdlet(VerbsLifecycle.Start, "KKWhatsAppReceiver")]
public sealed class StartKKWhatsAppReceiverCommand : BackupCmdlet
{
    /// <summary>The configuration.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConfigurationNameCompleter))]
    public string Name { get; set; } = "";

    /// <summary>The local address.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The port.</summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; } = 8480;

    /// <summary>The callback's path.</summary>
    [Parameter]
    [ValidatePattern(@"^/[A-Za-z0-9/_.-]*\z")]
    public string CallbackPath { get; set; } = "/whatsapp";

    /// <summary>A certificate as vault/name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SecretNameCompleter))]
    public string? CertificateName { get; set; }

    private protected override string Activity => Texts.Get("Activity_Receiver");

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        var request = new ReceiverRequest
        {
            Address = Address,
            Port = Port,
            Path = CallbackPath,
            Certificate = CertificateName,
            Started = address => Post(() => WriteInformation(Texts.Get("ReceiverListens", address), ["KlarKonform"])),
        };
        Run(token => Engine.RunWhatsAppReceiverAsync(Name, request, Secrets, Observer, token));
    }
}
