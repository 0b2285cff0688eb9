using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Engine.Sources.Resources;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Archive;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Exports;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.WhatsApp;
using KlarKonform.Backup.WhatsApp.Media;

namespace KlarKonform.Backup.Engine.Sources.WhatsApp;

/// <summary>
/// The business's WhatsApp chats: one resource, because a spool holds the webhooks of all numbers. A place that cannot be read is a failure
/// of that place. Used for one run.
/// </summary>
internal sealed class WhatsAppSource(
    GraphClient graph,
    TenantSettings tenant,
    WhatsAppSettings settings,
    ISecretStore secrets,
    TimeProvider time,
    Random random
) : IResourceSource
{
    public string Kind => ResourceKinds.WhatsApp;

    public string ResourceId => tenant.Id;

    public string Name => ResourceKinds.WhatsApp;

    public IReadOnlyList<string> Path => SnapshotLayout.ContentPath(Kind, Name);

    public async Task RunAsync(ResourceBackup run, CancellationToken cancellationToken)
    {
        var places = new DropLocations(new TargetFactory(secrets, time, random), graph);
        var archive = new ChatArchive(run);
        var deleted = settings.DeletedMessages ?? DeletedMessagesPolicy.Keep;
        await new RedactionSweep(run, archive).RunAsync(deleted, cancellationToken);
        foreach (var (export, i) in (settings.Exports ?? []).Select((export, i) => (export, i)))
        {
            await GuardAsync(
                run,
                $"place export {i}",
                export.Number,
                async () =>
                {
                    await using var place = await places.OpenAsync(export, cancellationToken);
                    await new ExportImporter(run, archive, export, deleted).RunAsync(place, cancellationToken);
                },
                cancellationToken
            );
        }

        if (settings.Webhooks is { } webhooks)
            await GuardAsync(
                run,
                "place spool",
                "Webhooks",
                () => TakeWebhooksAsync(run, places, archive, webhooks, deleted, cancellationToken),
                cancellationToken
            );
    }

    // Its places are read one by one: none of them stands for all.
    public Task ProbeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task TakeWebhooksAsync(
        ResourceBackup run,
        DropLocations places,
        ChatArchive archive,
        WhatsAppWebhookSettings webhooks,
        DeletedMessagesPolicy deleted,
        CancellationToken cancellationToken
    )
    {
        var token = await SecretAsync(webhooks.AccessToken, cancellationToken);
        using var handler = TrustedHandlers.Create(webhooks.CaCertificate ?? tenant.CaCertificate);
        using var client = token is null ? null : new MediaClient(handler, webhooks.Endpoint ?? MediaClient.DefaultEndpoint, token, time);
        var media = new MediaImporter(run, client, webhooks.Media != false);
        await media.RetryAsync(archive, cancellationToken);
        var secret = await SecretAsync(webhooks.AppSecret, cancellationToken);
        await using var place = await places.OpenAsync(webhooks.Spool, cancellationToken);
        await new WebhookImporter(run, archive, media, secret, deleted).RunAsync(place, cancellationToken);
        media.Report();
    }

    // A place that cannot be read, or whose secret is missing, is that place's failure; other places are not affected.
    private static async Task GuardAsync(ResourceBackup run, string id, string name, Func<Task> read, CancellationToken cancellationToken)
    {
        await run.GuardPartAsync(
            id,
            name,
            async () =>
            {
                try
                {
                    await read();
                }
                catch (WhatsAppException exception)
                {
                    throw new PartIncompleteException(ChatProblems.Of(exception) with { Level = FailureLevel.Part });
                }
            },
            cancellationToken
        );
    }

    private async Task<string?> SecretAsync(string? name, CancellationToken cancellationToken) =>
        name is null ? null : (await secrets.GetAsync(SecretReference.Parse(name), cancellationToken)).Secret;
}
