using System.Runtime.CompilerServices;
using KlarKonform.Backup.Engine.Checks;
using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Engine.Errors;
using KlarKonform.Backup.Engine.Journal;
using KlarKonform.Backup.Engine.Notifications;
using KlarKonform.Backup.Engine.Reporting;
using KlarKonform.Backup.Engine.Retention.Maintenance;
using KlarKonform.Backup.Engine.Runs;
using KlarKonform.Backup.Engine.Scheduling;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Storage;
using KlarKonform.Backup.Storage.Sftp;

namespace KlarKonform.Backup.Engine;

/// <summary>The engine behind the cmdlets. Keeps no state between calls except the location of its files. Thread-safe.</summary>
public sealed partial class BackupEngine : IBackupEngine
{
    private readonly BackupHome _home;
    private readonly ConfigurationStore _configurations;
    private readonly RunJournal _journal;
    private readonly TimeProvider _time;
    private readonly Random _random;

    /// <summary>Creates the engine as the module uses it.</summary>
    /// <param name="home">Folder for configurations and journals, or null for the user's application data.</param>
    public BackupEngine(string? home)
#pragma warning disable RS0030 // Here the module takes the clock and the randomness that everything below is given.
        : this(home, TimeProvider.System, Random.Shared) { }
#pragma warning restore RS0030

    /// <summary>Creates an engine with the caller's clock and source of randomness.</summary>
    /// <param name="home">Folder for configurations and journals, or null for the user's application data.</param>
    /// <param name="time">Clock and pauses.</param>
    /// <param name="random">Jitter and samples; must be thread-safe.</param>
    public BackupEngine(string? home, TimeProvider time, Random random)
    {
        _home = new BackupHome(home);
        _configurations = new ConfigurationStore(_home);
        _journal = new RunJournal(_home, time);
        _time = time;
        _random = random;
    }

    private JournalStatus Journal => new(_home, _journal, _time);

    /// <inheritdoc />
    public async Task<IReadOnlyList<BackupConfiguration>> GetConfigurationsAsync(string pattern, CancellationToken cancellationToken)
    {
        var found = await _configurations.FindAsync(pattern, cancellationToken);
        return found.Problems.Count == 0 ? found.Configurations : throw found.Problems[0];
    }

    /// <inheritdoc />
    public Task<ConfigurationListing> ListConfigurationsAsync(string pattern, CancellationToken cancellationToken) =>
        _configurations.FindAsync(pattern, cancellationToken);

    /// <inheritdoc />
    public Task ValidateNewConfigurationAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        ConfigurationValidator.ValidateNew(configuration);
        return _configurations.Exists(configuration.Name)
            ? throw new BackupException(
                ErrorIds.ConfigurationExists,
                BackupErrorCategory.ResourceExists,
                configuration.Name,
                configuration.Name
            )
            : Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task CreateConfigurationAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        await ValidateNewConfigurationAsync(configuration, cancellationToken);
        await _configurations.SaveAsync(configuration, cancellationToken);
    }

    /// <inheritdoc />
    public async Task UpdateConfigurationAsync(BackupConfiguration configuration, CancellationToken cancellationToken)
    {
        ConfigurationValidator.ValidateNew(configuration);
        await _configurations.GetAsync(configuration.Name, cancellationToken);
        await _configurations.SaveAsync(configuration, cancellationToken);
    }

    /// <inheritdoc />
    public async Task RemoveConfigurationAsync(string name, CancellationToken cancellationToken)
    {
        if (!ConfigurationValidator.IsName(name) || !_configurations.Exists(name))
            throw new BackupException(ErrorIds.ConfigurationNotFound, BackupErrorCategory.ObjectNotFound, name, name);

        // Looked up by its id alone, so that a configuration that cannot be read can still be removed.
        var id = await _configurations.IdOfAsync(name, cancellationToken);
        var all = await _configurations.FindAsync("*", cancellationToken);
        if (all.Configurations.Any(other => other.Id == id && !string.Equals(other.Name, name, StringComparison.OrdinalIgnoreCase)))
            id = null; // A copy whose id was never changed: the history belongs to the original.
        if (id is { } known && await _journal.NewestAsync(known, cancellationToken) is { Status: BackupState.Running } running)
            throw new BackupException(
                ErrorIds.AlreadyRunning,
                BackupErrorCategory.ResourceBusy,
                name,
                name,
                running.ProcessId,
                running.Started.ToLocalTime()
            );
        _configurations.Remove(name, id);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<ConnectionCheck> TestConnectionAsync(
        string name,
        ISecretStore secrets,
        IBackupObserver observer,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var configuration = await _configurations.GetAsync(name, cancellationToken);
        await using var context = new CheckContext(configuration, secrets, _time, _random);
        var tester = new ConnectionTester(ConnectionChecks.Of(configuration, _home, _journal));
        await foreach (var check in tester.RunAsync(context, cancellationToken))
            yield return check;
    }

    /// <inheritdoc />
    public async Task<BackupRun> StartBackupAsync(
        string name,
        BackupOptions options,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    )
    {
        if (options.ShardCount is < 1 or > BackupOptions.MaxShards)
            throw new BackupException(
                ErrorIds.ShardCountInvalid,
                BackupErrorCategory.InvalidArgument,
                name,
                options.ShardCount,
                BackupOptions.MaxShards
            );
        if (options.ShardIndex is { } shard && (shard < 0 || shard >= options.ShardCount))
            throw new BackupException(
                ErrorIds.ShardIndexInvalid,
                BackupErrorCategory.InvalidArgument,
                name,
                shard,
                options.ShardCount,
                options.ShardCount - 1
            );
        var configuration = await _configurations.GetAsync(name, cancellationToken);
        if (_home.ReadableByOthers() is [var first, ..] open)
            observer.Warning(Texts.Get("FilesReadableByOthers", open.Count, first, _home.ClosingCommand));
        try
        {
            var run = await new BackupRunner(configuration, options, secrets, observer, _home, _journal, _time, _random).RunAsync(
                cancellationToken
            );
            return Acceptances.Apply(configuration, run);
        }
        catch (BackupException exception) when (exception.ErrorId is ErrorIds.AlreadyRunning or ErrorIds.AlreadyRunningElsewhere)
        {
            throw await new OverdueRun(configuration, _home, _journal, _time).JudgeAsync(
                exception,
                overdue => new RunNotifier(configuration, secrets, observer, _time, _random).NotifyOverdueAsync(overdue, cancellationToken),
                cancellationToken
            );
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw Logged(ErrorTranslator.Translate(exception, configuration), configuration, observer.Warning);
        }
    }

    /// <inheritdoc />
    public async Task<BackupRun> StopBackupAsync(string name, TimeSpan wait, CancellationToken cancellationToken) =>
        await Journal.StopAsync(await _configurations.GetAsync(name, cancellationToken), wait, cancellationToken);

    /// <inheritdoc />
    public async Task<BackupStatus> GetStatusAsync(string name, CancellationToken cancellationToken) =>
        await Journal.ReadAsync(await _configurations.GetAsync(name, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public Task<BackupStatus> GetRepositoryStatusAsync(string name, ISecretStore secrets, CancellationToken cancellationToken) =>
        WithRepositoryAsync(
            name,
            secrets,
            async session =>
            {
                var status = await new RepositoryStatus(session, _time).ReadAsync(cancellationToken);
                return status with { Holds = await RefreshAsync(session, cancellationToken) };
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task<IReadOnlyList<BackupSnapshot>> GetSnapshotsAsync(string name, ISecretStore secrets, CancellationToken cancellationToken) =>
        WithRepositoryAsync<IReadOnlyList<BackupSnapshot>>(
            name,
            secrets,
            async session =>
            {
                var snapshots = await session.SnapshotsAsync(cancellationToken);
                return [.. snapshots.Select(each => Describe(session.Configuration, each.Id.ToString(), each.Snapshot))];
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task<IntegrityReport> TestIntegrityAsync(
        string name,
        IntegrityOptions options,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    ) =>
        WithRepositoryAsync(
            name,
            secrets,
            session => new IntegrityTester(session, observer, _time, _random).RunAsync(options, cancellationToken),
            cancellationToken,
            cached: false
        );

    /// <inheritdoc />
    public Task<IReadOnlyList<BackupKey>> GetKeysAsync(string name, ISecretStore secrets, CancellationToken cancellationToken) =>
        WithRepositoryAsync(
            name,
            secrets,
            session => new RepositoryPasswords(session, _time).ListAsync(cancellationToken),
            cancellationToken
        );

    /// <inheritdoc />
    public async Task<BackupKey> AddKeyAsync(
        string name,
        SecretReference password,
        ISecretStore secrets,
        CancellationToken cancellationToken
    )
    {
        var secret = await secrets.GetAsync(password, cancellationToken);
        return await WithRepositoryAsync(
            name,
            secrets,
            session => new RepositoryPasswords(session, _time).AddAsync(secret.Secret, cancellationToken),
            cancellationToken
        );
    }

    /// <inheritdoc />
    public Task RemoveKeyAsync(string name, string id, ISecretStore secrets, CancellationToken cancellationToken) =>
        WithRepositoryAsync(
            name,
            secrets,
            async session =>
            {
                var removed = await new RepositoryPasswords(session, _time).RemoveAsync(id, cancellationToken);
                await new FileLedger(session).AddRemovedAsync([removed], cancellationToken);
                return true;
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task<RepairResult> RepairAsync(
        string name,
        RepairOptions options,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    ) =>
        WithRepositoryAsync(
            name,
            secrets,
            session => new RepositoryRepair(session, _time, LockWatching.On(observer)).RunAsync(options, cancellationToken),
            cancellationToken,
            cached: false
        );

    /// <inheritdoc />
    public Task<string> ReadCertificateAsync(string file, string? password, CancellationToken cancellationToken) =>
        SignInCertificate.ReadFileAsync(file, password, cancellationToken);

    /// <inheritdoc />
    public async Task<string> ReadHostKeyAsync(string host, int port, CancellationToken cancellationToken)
    {
        try
        {
            return await SftpHostKey.ReadAsync(host, port, TimeSpan.FromSeconds(30), cancellationToken);
        }
        catch (StorageException exception)
        {
            throw new BackupException(
                ErrorIds.TargetUnreachable,
                BackupErrorCategory.ConnectionError,
                exception.Location,
                exception.Location,
                exception.Message
            );
        }
    }

    private async Task<T> WithRepositoryAsync<T>(
        string name,
        ISecretStore secrets,
        Func<BackupRepository, Task<T>> work,
        CancellationToken cancellationToken,
        bool cached = true
    )
    {
        var configuration = await _configurations.GetAsync(name, cancellationToken);
        try
        {
            await using var session = await BackupRepository.OpenAsync(
                configuration,
                secrets,
                create: false,
                cached ? _home.Cache(configuration.Id) : null,
                _time,
                _random,
                cancellationToken
            );

            session.Memory ??= LocalCache.Open(_home.Cache(configuration.Id), _time);
            session.Known = await _journal.NewestSnapshotAsync(configuration.Id, cancellationToken);

            // For every operation: a repository belongs to one tenant, and its snapshots name that tenant.
            await session.RecentAsync(cancellationToken);
            return await work(session);
        }
        catch (Exception exception) when (exception is not (BackupException or OperationCanceledException))
        {
            throw Logged(ErrorTranslator.Translate(exception, configuration), configuration, _ => { });
        }
    }

    // An unforeseen error goes to the configuration's log with its stack trace, whatever operation caused it; its message does not, because
    // it may hold content.
    private Exception Logged(Exception error, BackupConfiguration configuration, Action<string> warn)
    {
        if (error is BackupException { Details: { } details })
        {
            new EventLog(_home.Log(configuration.Name), warn).Write(
                new
                {
                    time = _time.GetUtcNow().UtcDateTime,
                    level = "error",
                    @event = "UnexpectedError",
                    configuration = configuration.Name,
                    message = error.Message,
                    data = new
                    {
                        exception = details,
                        version = typeof(BackupEngine).Assembly.GetName().Version?.ToString(),
                        runtime = Environment.Version.ToString(),
                    },
                }
            );
        }

        return error;
    }

    private static BackupSnapshot Describe(BackupConfiguration configuration, string id, Repository.Snapshots.Snapshot snapshot)
    {
        var tags = snapshot.Tags ?? [];
        string? Tag(string prefix) => tags.FirstOrDefault(tag => tag.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];
        return new BackupSnapshot
        {
            Configuration = configuration.Name,
            SnapshotId = id,
            Time = snapshot.Taken.ToUniversalTime(),
            Tenant = snapshot.Hostname ?? "",
            Status = snapshot.IsCheckpoint()
                ? "Checkpoint"
                : Tag(SnapshotTags.Status) switch
                {
                    "succeeded" => "Succeeded",
                    "partial" => "Partial",
                    var other => other ?? "",
                },
            RunId = Tag(SnapshotTags.Run),
            Tags = tags,
        };
    }
}
