using System.Net;
using System.Net.Sockets;
using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.WhatsApp.Receiving;

namespace KlarKonform.Backup.Engine.Receiver;

/// <summary>Runs a webhook receiver for a configuration and reports to the observer how it is doing. Used once.</summary>
internal sealed class ReceiverHost(
    BackupConfiguration configuration,
    ReceiverRequest request,
    ISecretStore secrets,
    IBackupObserver observer,
    TimeProvider time
)
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);

    // One warning per minute, however often someone tries.
    private const int LooksAWarning = 12;

    /// <summary>Runs until cancelled; requests in progress are completed.</summary>
    /// <exception cref="BackupException">WhatsAppNotConfigured, ReceiverSpoolNotFolder, ReceiverSecretMissing, ReceiverAddressInvalid,
    /// ReceiverAddressTaken, ReceiverSpoolUnwritable.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (configuration.Sources.WhatsApp?.Webhooks is not { } settings)
            throw new BackupException(
                ErrorIds.WhatsAppNotConfigured,
                BackupErrorCategory.InvalidOperation,
                configuration.Name,
                configuration.Name
            );
        if (settings.Spool.Type != TargetType.Folder)
            throw new BackupException(
                ErrorIds.ReceiverSpoolNotFolder,
                BackupErrorCategory.InvalidOperation,
                configuration.Name,
                configuration.Name
            );
        if (!IPAddress.TryParse(request.Address, out var address))
            throw new BackupException(
                ErrorIds.ReceiverAddressInvalid,
                BackupErrorCategory.InvalidArgument,
                request.Address,
                request.Address
            );
        var options = new ReceiverOptions
        {
            Endpoint = new IPEndPoint(address, request.Port),
            Path = request.Path,
            AppSecret = await SecretAsync("appSecret", settings.AppSecret, cancellationToken),
            VerifyToken = await SecretAsync("verifyToken", settings.VerifyToken, cancellationToken),
            Certificate = request.Certificate is null
                ? null
                : SignInCertificate.Parse(
                    await SecretAsync("certificate", request.Certificate, cancellationToken),
                    null,
                    request.Certificate
                ),
        };
        await using var spool = OpenSpool(settings.Spool.Path!);
        using var receiver = new WebhookReceiver(options, spool);
        var listens = Start(receiver, options.Endpoint);
        request.Started?.Invoke(
            new UriBuilder(options.Certificate is null ? "http" : "https", listens.Address.ToString(), listens.Port, request.Path).Uri
        );
        var running = receiver.RunAsync(cancellationToken);
        await WatchAsync(receiver, running);
        await running;
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task WatchAsync(WebhookReceiver receiver, Task running)
    {
        var (told, look) = (receiver.Counts, 0);
        while (await Task.WhenAny(running, Task.Delay(s_look, time)) != running)
        {
            var counts = receiver.Counts;
            observer.Progress(
                new BackupProgress(null, Texts.Get("ReceiverCounts", counts.Stored, counts.Refused, counts.Failed), -1, Completed: false)
            );
            if (++look % LooksAWarning != 0)
                continue;
            if (counts.Failed > told.Failed)
                observer.Warning(
                    Texts.Get("ReceiverFailing", counts.Failed - told.Failed, configuration.Sources.WhatsApp!.Webhooks!.Spool.Path)
                );
            if (counts.Refused > told.Refused)
                observer.Verbose(Texts.Get("ReceiverRefused", counts.Refused - told.Refused));
            told = counts;
        }
    }

    private SpoolWriter OpenSpool(string folder)
    {
        try
        {
            return new SpoolWriter(folder, time);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(
                ErrorIds.ReceiverSpoolUnwritable,
                BackupErrorCategory.PermissionDenied,
                folder,
                folder,
                exception.Message
            );
        }
    }

    private static IPEndPoint Start(WebhookReceiver receiver, IPEndPoint endpoint)
    {
        try
        {
            return receiver.Start();
        }
        catch (SocketException exception)
        {
            throw new BackupException(
                ErrorIds.ReceiverAddressTaken,
                BackupErrorCategory.ResourceBusy,
                endpoint.ToString(),
                endpoint,
                exception.Message
            );
        }
    }

    private async Task<string> SecretAsync(string field, string? reference, CancellationToken cancellationToken) =>
        reference is null
            ? throw new BackupException(
                ErrorIds.ReceiverSecretMissing,
                BackupErrorCategory.InvalidOperation,
                configuration.Name,
                configuration.Name,
                field
            )
            : (await secrets.GetAsync(SecretReference.Parse(reference), cancellationToken)).Secret;
}
