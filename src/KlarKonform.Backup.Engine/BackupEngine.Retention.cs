using KlarKonform.Backup.Engine.Configuration;
using KlarKonform.Backup.Engine.Errors;
using KlarKonform.Backup.Engine.Retention;
using KlarKonform.Backup.Engine.Retention.Audit;
using KlarKonform.Backup.Engine.Retention.Holds;
using KlarKonform.Backup.Engine.Snapshots;
using KlarKonform.Backup.Repository.Format;

namespace KlarKonform.Backup.Engine;

/// <content>Retention, holds and the audit log.</content>
public sealed partial class BackupEngine
{
    /// <inheritdoc />
    public Task<RetentionResult> RunRetentionAsync(
        string name,
        RetentionOptions options,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    )
    {
        if (options.Policy is { } policy)
            ConfigurationValidator.Validate(name, policy);
        return WithRepositoryAsync(
            name,
            secrets,
            async session =>
            {
                // A different policy for this run may remove what the law requires to be kept, so that is recorded before it happens.
                if (
                    options is { Policy: { } other, PlanOnly: false }
                    && session.Configuration.Retention is { Preset: RetentionPreset.Legal }
                    && other.Preset != RetentionPreset.Legal
                )
                {
                    await session.Repository.Index.LoadAsync(cancellationToken);
                    await AppendAsync(
                        session,
                        AuditLog.RetentionOverridden,
                        "Invoke-KKBackupRetention",
                        Environment.UserName,
                        other,
                        cancellationToken
                    );
                }

                return await new RetentionRunner(session, _time, LockWatching.On(observer)).RunAsync(options, cancellationToken);
            },
            cancellationToken
        );
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<BackupHold>> GetHoldsAsync(string name, ISecretStore secrets, CancellationToken cancellationToken) =>
        WithRepositoryAsync(name, secrets, session => RefreshAsync(session, cancellationToken), cancellationToken);

    /// <inheritdoc />
    public Task<BackupHold> SetHoldAsync(string name, HoldRequest request, ISecretStore secrets, CancellationToken cancellationToken) =>
        WithRepositoryAsync(
            name,
            secrets,
            async session =>
            {
                var hold = await new HoldManager(session, _time).SetAsync(request, cancellationToken);
                await RefreshAsync(session, cancellationToken);
                return hold;
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task<BackupHold> RemoveHoldAsync(string name, HoldRequest request, ISecretStore secrets, CancellationToken cancellationToken) =>
        WithRepositoryAsync(
            name,
            secrets,
            async session =>
            {
                var hold = await new HoldManager(session, _time).RemoveAsync(request, cancellationToken);
                await RefreshAsync(session, cancellationToken);
                return hold;
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task<IReadOnlyList<AuditEntry>> GetAuditLogAsync(string name, ISecretStore secrets, CancellationToken cancellationToken) =>
        WithRepositoryAsync(
            name,
            secrets,
            async session =>
            {
                await session.Repository.Index.OpenAsync(cancellationToken);
                return await new AuditLog(session, _time).ReadAsync(cancellationToken);
            },
            cancellationToken
        );

    /// <inheritdoc />
    public Task<AuditEntry> AcceptAuditLogAsync(
        string name,
        string reason,
        string author,
        ISecretStore secrets,
        CancellationToken cancellationToken
    ) =>
        WithRepositoryAsync(
            name,
            secrets,
            async session =>
            {
                await session.Repository.Index.LoadAsync(cancellationToken);
                var entry = await new AuditLog(session, _time).AcceptAsync(reason, author, cancellationToken);
                await RefreshAsync(session, cancellationToken);
                return entry;
            },
            cancellationToken
        );

    /// <inheritdoc />
    public async Task<bool> ShortensRetentionAsync(BackupConfiguration changed, CancellationToken cancellationToken)
    {
        ConfigurationValidator.ValidateNew(changed);
        var present = await _configurations.GetAsync(changed.Name, cancellationToken);
        return present.Retention is { Preset: RetentionPreset.Legal } legal
            && (
                changed.Retention is { Preset: not RetentionPreset.Legal }
                || legal.DeletedItemsOrDefault() > (changed.Retention?.DeletedItemsOrDefault() ?? DeletedItemsPolicy.KeepUntilRetention)
            );
    }

    /// <inheritdoc />
    public async Task ShortenRetentionAsync(
        BackupConfiguration changed,
        string reason,
        string author,
        ISecretStore secrets,
        CancellationToken cancellationToken
    )
    {
        ConfigurationValidator.ValidateNew(changed);
        var present = await _configurations.GetAsync(changed.Name, cancellationToken);
        try
        {
            // Recorded first: no change may be in force without being in the log.
            await using var session = await BackupRepository.OpenAsync(
                present,
                secrets,
                create: false,
                _home.Cache(present.Id),
                _time,
                _random,
                cancellationToken
            );
            await session.Repository.Index.LoadAsync(cancellationToken);
            await AppendAsync(session, AuditLog.RetentionShortened, reason, author, changed.Retention, cancellationToken);
        }
        catch (Exception exception)
            when (exception
                    is RepositoryException { Kind: RepositoryErrorKind.NotARepository }
                        or Storage.StorageException { Kind: Storage.StorageErrorKind.NotFound }
            )
        {
            // If nothing was ever backed up, nothing can be lost. Otherwise the disk is missing, and the change would not be logged
            // anywhere.
            if (await _journal.NewestSnapshotAsync(present.Id, cancellationToken) is not null)
            {
                var place = present.Target.Path ?? present.Target.Bucket;
                throw new BackupException(ErrorIds.RepositoryVanished, BackupErrorCategory.ObjectNotFound, place, place, present.Name);
            }
        }
        catch (Exception exception) when (exception is not (BackupException or OperationCanceledException))
        {
            throw ErrorTranslator.Translate(exception, present);
        }

        await _configurations.SaveAsync(changed, cancellationToken);
    }

    private Task<AuditEntry> AppendAsync(
        BackupRepository session,
        string action,
        string reason,
        string author,
        RetentionSettings? policy,
        CancellationToken cancellationToken
    ) =>
        new AuditLog(session, _time).AppendAsync(
            _ => new AuditEntry
            {
                Number = 0,
                Time = default,
                Action = action,
                Author = author,
                Reason = reason,
                Target = Describe(session.Configuration.Retention),
                Detail = Describe(policy),
                Previous = "",
            },
            cancellationToken
        );

    private static string Describe(RetentionSettings? settings) =>
        settings is null ? "-" : $"{settings.Preset}, {settings.DeletedItemsOrDefault()}, {RetentionPolicy.Of(settings)!.Days} d";

    private async Task<IReadOnlyList<BackupHold>> RefreshAsync(BackupRepository session, CancellationToken cancellationToken)
    {
        var holds = await new HoldManager(session, _time).ListAsync(cancellationToken);
        try
        {
            await new HoldCache(_home).WriteAsync(session.Configuration.Id, holds, cancellationToken);
        }
        catch (BackupException exception) when (exception.ErrorId == ErrorIds.HomeUnwritable)
        {
            // A machine without a disk of its own asks the repository every time.
        }

        return holds;
    }
}
