using KlarKonform.Backup.Engine.Receiver;

namespace KlarKonform.Backup.Engine;

/// <content>The receiver of WhatsApp's webhooks.</content>
public sealed partial class BackupEngine
{
    /// <inheritdoc />
    public async Task RunWhatsAppReceiverAsync(
        string name,
        ReceiverRequest request,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    ) =>
        await new ReceiverHost(await _configurations.GetAsync(name, cancellationToken), request, secrets, observer, _time).RunAsync(
            cancellationToken
        );
}
