using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Errors;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Sources;
using KlarKonform.Backup.Engine.Sources.WhatsApp.Locations;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Graph.Calendars;
using KlarKonform.Backup.Graph.Contacts;
using KlarKonform.Backup.Graph.Directory;
using KlarKonform.Backup.Graph.Drives;
using KlarKonform.Backup.Graph.Http;
using KlarKonform.Backup.Graph.Mail;
using KlarKonform.Backup.Graph.Sites;
using KlarKonform.Backup.Repository;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Storage;

namespace KlarKonform.Backup.Engine.Checks;

/// <summary>Checks everything that a run needs. It changes nothing except for a probe object, which it deletes again.</summary>
internal sealed class ConnectionTester(
    BackupConfiguration configuration,
    ISecretStore secrets,
    BackupHome home,
    RunJournal journal,
    TimeProvider time,
    Random random
)
{
    // Enough users to find a suitable one without reading the whole tenant.
    private const int UsersToTry = 20;

    // The table has no room for more names.
    private const int MaxNamed = 3;

    // Entra ID and S3 refuse signatures whose time is off by 5 and 15 minutes respectively; snapshots and retention need a clock more exact
    // than that.
    private static readonly TimeSpan s_clockTolerance = TimeSpan.FromMinutes(1);

    public async IAsyncEnumerable<ConnectionCheck> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var secretsCheck = await CheckAsync("Check_Secrets", ReadSecretsAsync);
        yield return secretsCheck;
        yield return await CheckAsync(
            "Check_Files",
            () =>
                Task.FromResult(
                    home.ReadableByOthers() is [var first, ..] open
                        ? (CheckResult.Warning, Texts.Get("FilesReadableByOthers", open.Count, first, home.ClosingCommand))
                        : (CheckResult.Passed, Texts.Get("Check_Ok"))
                )
        );

        IObjectStore? store = null;
        var storage = await CheckAsync(
            "Check_Storage",
            async () =>
            {
                store = await new TargetFactory(secrets, time, random).OpenAsync(configuration.Target, cancellationToken);
                await store.PrepareAsync(create: configuration.Target.Type != TargetType.S3, cancellationToken);
                return (
                    CheckResult.Passed,
                    configuration.Target is { Type: TargetType.S3, Endpoint: { } endpoint } && endpoint.Scheme == Uri.UriSchemeHttps
                        ? $"{store.Location}, {await ProtocolAsync(endpoint, cancellationToken)}"
                        : store.Location
                );
            }
        );
        yield return storage;
        if (store is not null && storage.Result == CheckResult.Passed)
        {
            yield return await CheckAsync("Check_StorageWrite", () => ProbeStorageAsync(store, cancellationToken));
            yield return await CheckAsync("Check_Repository", () => ProbeRepositoryAsync(store, cancellationToken));
        }

        if (store is not null)
            await store.DisposeAsync();

        GraphConnection? graph = null;
        var signIn = await CheckAsync(
            "Check_SignIn",
            async () =>
            {
                graph = await new GraphFactory(secrets, time, random).OpenAsync(configuration.Tenant, GraphLog.None, cancellationToken);
                await graph.Tokens.GetAsync(cancellationToken);
                return (CheckResult.Passed, configuration.Tenant.Id);
            }
        );
        yield return signIn;
        if (graph is null || signIn.Result == CheckResult.Failed)
        {
            graph?.Dispose();
            yield break;
        }

        EndpointProbe? seen = null;
        yield return await CheckAsync(
            "Check_Tls",
            async () =>
            {
                seen = await EndpointProbe.AskAsync(
                    GraphFactory.SettingsOf(configuration.Tenant).Endpoint,
                    configuration.Tenant.CaCertificate,
                    null,
                    time,
                    cancellationToken
                );
                return (CheckResult.Passed, $"{seen.Protocol}");
            }
        );
        if (seen?.Ahead is { } ahead)
            yield return await CheckAsync(
                "Check_Clock",
                () =>
                    Task.FromResult(
                        ahead.Duration() <= s_clockTolerance
                            ? (CheckResult.Passed, Texts.Get("Check_Ok"))
                            : (CheckResult.Warning, Texts.Get("Check_ClockOff", ahead))
                    )
            );

        using (graph)
        {
            var users = new List<GraphUser>();
            yield return await CheckAsync(
                "Check_Users",
                async () =>
                {
                    await foreach (var user in new DirectoryApi(graph.Client).UsersAsync(cancellationToken))
                        users.Add(user);
                    return (CheckResult.Passed, Texts.Get("Check_UserCount", users.Count));
                }
            );
            foreach (var check in await PermissionsAsync(graph, cancellationToken))
                yield return check;
            if (configuration.Sources.Calendar is not null)
                yield return await CheckAsync(
                    "Check_Calendar",
                    () => ProbeAsync(users, user => new CalendarApi(graph.Client, user.Id).ProbeAsync(cancellationToken))
                );
            if (configuration.Sources.Contacts is not null)
                yield return await CheckAsync(
                    "Check_Contacts",
                    () => ProbeAsync(users, user => new ContactApi(graph.Client, user.Id).ProbeAsync(cancellationToken))
                );
            if (configuration.Sources.Directory is not null)
            {
                yield return await CheckAsync(
                    "Check_Directory",
                    async () =>
                    {
                        await new DirectoryApi(graph.Client).ProbeAsync(cancellationToken);
                        return (CheckResult.Passed, Texts.Get("Check_Ok"));
                    }
                );
            }

            if (configuration.Sources.Mail is not null)
                yield return await CheckAsync(
                    "Check_Mail",
                    () => ProbeAsync(users, user => new MailApi(graph.Client, user.Id).ProbeAsync(cancellationToken))
                );
            if (configuration.Sources.OneDrive is not null)
                yield return await CheckAsync(
                    "Check_OneDrive",
                    () => ProbeAsync(users, user => new DriveApi(graph.Client).UserDriveAsync(user.Id, cancellationToken))
                );
            foreach (var check in await ChatsAsync(graph, cancellationToken))
                yield return check;
            if (configuration.Sources.SharePoint is not null)
            {
                yield return await CheckAsync(
                    "Check_SharePoint",
                    async () =>
                    {
                        await foreach (var site in new SiteApi(graph.Client).AllAsync(cancellationToken))
                            return (CheckResult.Passed, site.WebUrl.AbsoluteUri);
                        return (CheckResult.Warning, Texts.Get("Check_NothingToProbe"));
                    }
                );
            }

            yield return await CheckAsync("Check_Selection", () => SelectAsync(graph.Client, cancellationToken));
        }

        async Task<(CheckResult, string)> ReadSecretsAsync()
        {
            foreach (var name in configuration.SecretNames())
                await secrets.GetAsync(SecretReference.Parse(name), cancellationToken);
            return (CheckResult.Passed, Texts.Get("Check_Ok"));
        }
    }

    // What a run would back up: reports patterns that match nothing, and what the last complete run backed up but the patterns no longer
    // select.
    private async Task<(CheckResult, string)> SelectAsync(GraphClient client, CancellationToken cancellationToken)
    {
        var listing = await new SourceCatalog(configuration, new BackupOptions(), secrets, time, random).ListAsync(
            client,
            cancellationToken
        );
        var before = new List<ResourceResult>();
        await foreach (var run in journal.ReadAsync(configuration.Id, cancellationToken))
        {
            before.AddRange(run.Resources);
            if (run.SnapshotId is not null && before.Count > 0)
                break;
        }

        var accepted = configuration.AcceptedFailures ?? [];
        var dropped = listing
            .Dropped(before)
            .Where(failure => !accepted.Any(each => each.Covers(failure)))
            .GroupBy(failure => failure.Resource)
            .Select(group => Texts.Get("SelectionDropped", string.Join(", ", group.Select(failure => failure.Kind)), group.Key))
            .ToArray();
        string[] said =
        [
            .. listing.Doubts,
            .. dropped.Take(MaxNamed),
            .. dropped.Length > MaxNamed ? [Texts.Get("SelectionMore", dropped.Length - MaxNamed)] : Array.Empty<string>(),
        ];
        return said.Length == 0
            ? (CheckResult.Passed, Texts.Get("Check_SelectionOk", listing.Sources.Count))
            : (CheckResult.Warning, string.Join(' ', said));
    }

    private async Task<SslProtocols?> ProtocolAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        var target = configuration.Target;
        return (await EndpointProbe.AskAsync(endpoint, target.CaCertificate, target.Proxy, time, cancellationToken)).Protocol;
    }

    private async Task<IReadOnlyList<ConnectionCheck>> ChatsAsync(GraphConnection graph, CancellationToken cancellationToken)
    {
        if (configuration.Sources.WhatsApp is not { } chats)
            return [];
        var places = new DropLocations(new TargetFactory(secrets, time, random), graph.Client);
        var checks = new List<ConnectionCheck>();
        foreach (var export in chats.Exports ?? [])
            checks.Add(
                await CheckAsync("Check_WhatsAppExports", async () => await ListAsync(await places.OpenAsync(export, cancellationToken)))
            );
        if (chats.Webhooks is not { } webhooks)
            return checks;
        checks.Add(
            await CheckAsync("Check_WhatsAppSpool", async () => await ListAsync(await places.OpenAsync(webhooks.Spool, cancellationToken)))
        );
        if (webhooks.AccessToken is null && webhooks.Media != false)
            checks.Add(
                await CheckAsync("Check_WhatsAppMedia", () => Task.FromResult((CheckResult.Warning, Texts.Get("Check_WhatsAppNoToken"))))
            );
        return checks;

        async Task<(CheckResult, string)> ListAsync(IDropLocation place)
        {
            await using (place)
                return (CheckResult.Passed, Texts.Get("Check_WhatsAppFiles", place.Name, (await place.ListAsync(cancellationToken)).Count));
        }
    }

    // The token's roles, if it can be read. Permissions that Exchange grants itself are not among them, so a missing role is a warning; the
    // probes decide.
    private async Task<IReadOnlyList<ConnectionCheck>> PermissionsAsync(GraphConnection graph, CancellationToken cancellationToken)
    {
        if (await graph.Tokens.RolesAsync(cancellationToken) is not { } roles)
            return [];
        var sources = configuration.Sources;
        var needed = new List<string> { DirectoryApi.UserPermission };
        if (sources.Mail is not null)
            needed.Add(MailApi.Permission);
        if (sources.Calendar is not null)
            needed.Add(CalendarApi.Permission);
        if (sources.Contacts is not null)
            needed.Add(ContactApi.Permission);
        if (sources.Directory is not null)
            needed.AddRange([DirectoryApi.ContactPermission, DirectoryApi.GroupPermission]);
        if (sources.OneDrive is not null || sources.SharePoint is not null)
            needed.Add(DriveApi.Permission);
        if (sources.SharePoint is not null)
            needed.Add(SiteApi.Permission);
        return
        [
            .. needed.Select(permission =>
                roles.Contains(permission)
                    ? new ConnectionCheck(
                        configuration.Name,
                        Texts.Get("Check_Permission", permission),
                        CheckResult.Passed,
                        Texts.Get("Check_Ok"),
                        ""
                    )
                    : new ConnectionCheck(
                        configuration.Name,
                        Texts.Get("Check_Permission", permission),
                        CheckResult.Warning,
                        "",
                        Texts.Get("Check_PermissionMissing", permission, configuration.Tenant.ClientId, ConsentOf(configuration.Tenant))
                    )
            ),
        ];
    }

    private static string ConsentOf(TenantSettings tenant) =>
        $"{GraphFactory.SettingsOf(tenant).AuthorityHost.ToString().TrimEnd('/')}/{tenant.Id}/adminconsent?client_id={tenant.ClientId}";

    private static async Task<(CheckResult, string)> ProbeStorageAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        // Among the packs, so that no additional folder is left behind; its name is not an id, so no program takes it for a pack.
        var key = $"{RepositoryLayout.Folder(RepositoryFile.Data)}/klarkonform-probe-{Guid.NewGuid():N}";
        var content = RandomNumberGenerator.GetBytes(1024);
        await store.SaveAsync(key, content, cancellationToken);
        try
        {
            await using var stream = await store.OpenReadAsync(key, 0, null, cancellationToken);
            var read = new byte[content.Length];
            await stream.ReadExactlyAsync(read, cancellationToken);

            // Some servers and gateways ignore ranges. Then no pack can be read, which must not come to light only during a restore.
            var (offset, part) = (content.Length / 2, new byte[content.Length / 4]);
            await using var range = await store.OpenReadAsync(key, offset, part.Length, cancellationToken);
            await range.ReadExactlyAsync(part, cancellationToken);
            var listed = false;
            await foreach (var item in store.ListAsync(RepositoryLayout.Folder(RepositoryFile.Data), cancellationToken))
                listed |= item.Key == key;
            if (!read.SequenceEqual(content) || !part.SequenceEqual(content.Skip(offset).Take(part.Length)) || !listed)
                throw new StorageException(
                    StorageErrorKind.Other,
                    store.Location,
                    key,
                    "The probe object did not come back as it was written."
                );
        }
        finally
        {
            await store.DeleteAsync(key, CancellationToken.None);
        }

        return (CheckResult.Passed, Texts.Get("Check_Ok"));
    }

    private async Task<(CheckResult, string)> ProbeRepositoryAsync(IObjectStore store, CancellationToken cancellationToken)
    {
        if (!await ResticRepository.ExistsAsync(store, cancellationToken))
            return (CheckResult.Passed, Texts.Get("Check_RepositoryNew"));
        var password = await secrets.GetAsync(SecretReference.Parse(configuration.Repository.Password), cancellationToken);
        using var repository = await ResticRepository.OpenAsync(store, password.Secret, cancellationToken);
        return (CheckResult.Passed, repository.Config.Id[..8]);
    }

    private static async Task<(CheckResult, string)> ProbeAsync(IReadOnlyList<GraphUser> users, Func<GraphUser, Task> probe)
    {
        foreach (var user in users.Take(UsersToTry))
        {
            try
            {
                await probe(user);
                return (CheckResult.Passed, user.UserPrincipalName);
            }
            catch (GraphException exception)
                when (exception.Kind is GraphErrorKind.NotProvisioned or GraphErrorKind.NotFound or GraphErrorKind.UserGone)
            {
                // This user has none; the next may.
            }
        }

        return (CheckResult.Warning, Texts.Get("Check_NothingToProbe"));
    }

    private async Task<ConnectionCheck> CheckAsync(string name, Func<Task<(CheckResult Result, string Detail)>> check)
    {
        try
        {
            var (result, detail) = await check();
            return new ConnectionCheck(
                configuration.Name,
                Texts.Get(name),
                result,
                result == CheckResult.Passed ? detail : "",
                result == CheckResult.Passed ? "" : detail
            );
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var error = ErrorTranslator.Translate(exception, configuration);
            return new ConnectionCheck(
                configuration.Name,
                Texts.Get(name),
                CheckResult.Failed,
                (error as BackupException)?.ErrorId ?? error.GetType().Name,
                error.Message
            );
        }
    }
}
