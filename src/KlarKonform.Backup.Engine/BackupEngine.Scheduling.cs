using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Scheduling;

namespace KlarKonform.Backup.Engine;

/// <content>Schedules, the foreground scheduler and runbooks.</content>
public sealed partial class BackupEngine
{
    private ScheduleRegistrar Schedules => new(_configurations, _home, _time);

    /// <inheritdoc />
    public Task<BackupSchedule> SetScheduleAsync(string name, ScheduleRequest request, CancellationToken cancellationToken) =>
        Schedules.SetAsync(name, request, cancellationToken);

    /// <inheritdoc />
    public Task RemoveScheduleAsync(string name, CancellationToken cancellationToken) => Schedules.RemoveAsync(name, cancellationToken);

    /// <inheritdoc />
    public Task<BackupSchedule> EnableScheduleAsync(string name, CancellationToken cancellationToken) =>
        Schedules.EnableAsync(name, cancellationToken);

    /// <inheritdoc />
    public Task<BackupSchedule> DisableScheduleAsync(string name, CancellationToken cancellationToken) =>
        Schedules.DisableAsync(name, cancellationToken);

    /// <inheritdoc />
    public Task RunSchedulerAsync(
        SchedulerOptions options,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    ) =>
        new BackupScheduler(
            _configurations,
            _journal,
            (configuration, token) =>
                StartBackupAsync(
                    configuration.Name,
                    new BackupOptions { ShardCount = configuration.Schedule?.ShardCount ?? 1 },
                    secrets,
                    observer,
                    token
                ),
            options,
            observer,
            _time
        ).RunAsync(cancellationToken);

    /// <inheritdoc />
    public async Task ExportRunbookAsync(string name, string path, bool overwrite, CancellationToken cancellationToken)
    {
        var text = await RunbookWriter.WriteAsync(
            await _configurations.GetAsync(name, cancellationToken),
            _configurations,
            cancellationToken
        );
        if (File.Exists(path) && !overwrite)
            throw new BackupException(ErrorIds.FileExists, BackupErrorCategory.ResourceExists, path, path);
        await BackupHome.WriteAsync(path, System.Text.Encoding.UTF8.GetBytes(text), cancellationToken);
    }
}
