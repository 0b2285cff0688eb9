using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;

namespace KlarKonform.Backup.Engine.Notifications;

/// <summary>
/// Notifies people of a run that ended in a different state than the previous one. A notification that cannot be delivered is only a
/// warning: it does not change the result of the backup.
/// </summary>
internal sealed class RunNotifier(
    BackupConfiguration configuration,
    ISecretStore secrets,
    IBackupObserver observer,
    TimeProvider time,
    Random random
)
{
    private const int MaxAttempts = 3;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Notifies if there is something new.</summary>
    /// <param name="run">The run that ended, or that has stalled.</param>
    /// <param name="before">How the previous run ended; null if there was none, or to notify in any case.</param>
    /// <param name="cancellationToken">Cancels the attempts.</param>
    public async Task NotifyAsync(BackupRun run, BackupState? before, CancellationToken cancellationToken)
    {
        if (configuration.Notification is not { } settings || run.Status == before)
            return;
        if (settings.Webhook is not null)
            await GuardedAsync("webhook", () => PostAsync(settings.Webhook, run, before, cancellationToken), cancellationToken);
        if (settings is { MailFrom: { } from, MailTo.Count: > 0 })
            await GuardedAsync(
                from,
                () =>
                    MailAsync(
                        from,
                        settings.MailTo,
                        Texts.Get(
                            "NotificationSubject",
                            run.Configuration,
                            Texts.Get(run.StalledSince is null ? "State_" + run.Status : "State_Stalled")
                        ),
                        Text(run),
                        cancellationToken
                    ),
                cancellationToken
            );
    }

    /// <summary>
    /// Notifies of a run that has lasted so long that later ones are skipped: no run ends, so nothing else would report it.
    /// </summary>
    /// <param name="overdue">The error that says so.</param>
    /// <param name="cancellationToken">Cancels the attempts.</param>
    public async Task NotifyOverdueAsync(BackupException overdue, CancellationToken cancellationToken)
    {
        if (configuration.Notification is not { } settings)
            return;
        if (settings.Webhook is not null)
            await GuardedAsync("webhook", () => PostAsync(settings.Webhook, OverdueBody(overdue), cancellationToken), cancellationToken);
        if (settings is { MailFrom: { } from, MailTo.Count: > 0 })
        {
            await GuardedAsync(
                from,
                () =>
                    MailAsync(
                        from,
                        settings.MailTo,
                        Texts.Get("NotificationOverdueSubject", configuration.Name),
                        overdue.Message,
                        cancellationToken
                    ),
                cancellationToken
            );
        }
    }

    private byte[] OverdueBody(BackupException overdue) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                text = overdue.Message,
                configuration = configuration.Name,
                tenant = configuration.Tenant.Id,
                host = Environment.MachineName,
                status = overdue.ErrorId,
                started = overdue.Since,
                error = overdue.Message,
            },
            s_json
        );

    private Task PostAsync(string name, BackupRun run, BackupState? before, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                text = Text(run), // What Teams and Slack show.
                configuration = run.Configuration,
                tenant = configuration.Tenant.Id,
                host = run.HostName,
                status = run.Status,
                before,
                runId = run.RunId,
                snapshot = run.SnapshotId,
                started = run.Started,
                ended = run.Ended,
                stalledSince = run.StalledSince,
                itemsDownloaded = run.ItemsDownloaded,
                bytesStored = run.BytesStored,
                failures = run.Failures.Count,
                verified = run.Verified,
                error = run.Error,
            },
            s_json
        );
        return PostAsync(name, body, cancellationToken);
    }

    private async Task PostAsync(string name, byte[] body, CancellationToken cancellationToken)
    {
        var secret = (await secrets.GetAsync(SecretReference.Parse(name), cancellationToken)).Secret;
        if (
            !Uri.TryCreate(secret, UriKind.Absolute, out var address)
            || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
        )
            throw new BackupException(ErrorIds.WebhookInvalid, BackupErrorCategory.InvalidArgument, name, name);
        using var handler = TrustedHandlers.Create(configuration.Tenant.CaCertificate);
        using var http = new HttpClient(handler) { Timeout = s_timeout };
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var response = await http.PostAsync(address, content, cancellationToken);
                if ((int)response.StatusCode is < 500 and not 429)
                {
                    response.EnsureSuccessStatusCode();
                    return;
                }

                if (attempt >= MaxAttempts)
                    response.EnsureSuccessStatusCode();
            }
            catch (Exception exception)
                when (exception is HttpRequestException { StatusCode: null } or TaskCanceledException
                    && !cancellationToken.IsCancellationRequested
                )
            {
                if (attempt >= MaxAttempts)
                    throw;
            }

            await Task.Delay(TimeSpan.FromSeconds(2 * attempt), time, cancellationToken);
        }
    }

    private async Task MailAsync(string from, IReadOnlyList<string> to, string subject, string text, CancellationToken cancellationToken)
    {
        using var graph = await new GraphFactory(secrets, time, random).OpenAsync(configuration.Tenant, GraphLog.None, cancellationToken);
        await new MailSender(graph.Client, from).SendAsync(to, subject, text, cancellationToken);
    }

    /// <summary>What happened, in words for people, without the names of items.</summary>
    public static string Text(BackupRun run)
    {
        if (run.StalledSince is { } since)
            return Texts.Get(
                "NotificationStalled",
                run.Configuration,
                run.HostName,
                since.ToLocalTime().ToString("g", CultureInfo.CurrentCulture),
                string.Join(", ", run.Current.Take(5))
            );
        var lines = new List<string>
        {
            Texts.Get(
                "NotificationText",
                run.Configuration,
                Texts.Get("State_" + run.Status),
                run.HostName,
                run.Started.ToLocalTime().ToString("g", CultureInfo.CurrentCulture),
                (run.Ended ?? run.Started).ToLocalTime().ToString("g", CultureInfo.CurrentCulture)
            ),
            Texts.Get(
                "NotificationCounts",
                run.ItemsDownloaded,
                run.Failures.Count,
                run.Resources.Count(resource => resource.Status == BackupState.Failed)
            ),
        };
        if (run.Error is not null)
            lines.Add(run.Error);
        return string.Join("\n", lines);
    }

    private async Task GuardedAsync(string place, Func<Task> send, CancellationToken cancellationToken)
    {
        try
        {
            await send();
        }
        catch (Exception exception)
            when (exception is HttpRequestException or TaskCanceledException or BackupException or GraphException
                && !cancellationToken.IsCancellationRequested
            )
        {
            // The address is a secret: what the class library says about it is not passed on.
            observer.Warning(
                Texts.Get(
                    "NotificationFailed",
                    place,
                    exception is HttpRequestException http ? http.StatusCode?.ToString() ?? http.HttpRequestError.ToString()
                        : exception is TaskCanceledException ? "Timeout"
                        : exception.Message
                )
            );
        }
    }
}
