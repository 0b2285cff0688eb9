namespace KlarKonform.Backup;

/// <summary>
/// Everything that the cmdlets need. The implementation is in a load context of its own; only the types of this assembly cross the
/// boundary. Every failure that an admin can do something about is a <see cref="BackupException"/>. Thread-safe.
/// </summary>
public interface IBackupEngine
{
    /// <summary>Configurations whose names match a wildcard pattern, by name.</summary>
    /// <exception cref="BackupException">ConfigurationInvalid or ConfigurationFieldInvalid: a matching one cannot be read.</exception>
    Task<IReadOnlyList<BackupConfiguration>> GetConfigurationsAsync(string pattern, CancellationToken cancellationToken);

    /// <summary>
    /// Configurations whose names match a wildcard pattern, by name, and an error for each that cannot be read, which never hides the
    /// others.
    /// </summary>
    Task<ConfigurationListing> ListConfigurationsAsync(string pattern, CancellationToken cancellationToken);

    /// <summary>Validates a new configuration and checks that its name is free, without writing anything.</summary>
    Task ValidateNewConfigurationAsync(BackupConfiguration configuration, CancellationToken cancellationToken);

    /// <summary>Writes a new configuration.</summary>
    Task CreateConfigurationAsync(BackupConfiguration configuration, CancellationToken cancellationToken);

    /// <summary>Validates and replaces a configuration of the same name.</summary>
    Task UpdateConfigurationAsync(BackupConfiguration configuration, CancellationToken cancellationToken);

    /// <summary>Removes a configuration's file, its journal and its cache, even if the file cannot be read. The repository stays.</summary>
    Task RemoveConfigurationAsync(string name, CancellationToken cancellationToken);

    /// <summary>Checks everything that a run needs, one result per check.</summary>
    IAsyncEnumerable<ConnectionCheck> TestConnectionAsync(
        string name,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Runs a backup. If another run of the configuration has lasted longer than its schedule's interval, the error is RunOverdue, not
    /// AlreadyRunning, and people are notified. On cancellation a checkpoint is written before the exception is thrown.
    /// </summary>
    Task<BackupRun> StartBackupAsync(
        string name,
        BackupOptions options,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    );

    /// <summary>Asks the run of a configuration on this machine to stop at a checkpoint.</summary>
    /// <param name="name">The configuration.</param>
    /// <param name="wait">How long to wait for its end; zero only to ask.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The run's state after that.</returns>
    /// <exception cref="BackupException">NotRunning, RunningElsewhere or StopTimedOut.</exception>
    Task<BackupRun> StopBackupAsync(string name, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>A configuration's status according to this machine.</summary>
    Task<BackupStatus> GetStatusAsync(string name, CancellationToken cancellationToken);

    /// <summary>Runs of a configuration that this machine knows, newest first. Unreadable ones are skipped with a warning.</summary>
    IAsyncEnumerable<BackupRun> GetRunsAsync(string name, IBackupObserver observer, CancellationToken cancellationToken);

    /// <summary>Accepts that something is not in the backup, and records it in the configuration.</summary>
    /// <returns>What was accepted.</returns>
    /// <exception cref="BackupException">FailureNotFound, FailureAmbiguous or AcceptanceReasonMissing.</exception>
    Task<AcceptedFailure> AcceptFailureAsync(
        string name,
        FailureChoice choice,
        string reason,
        string author,
        CancellationToken cancellationToken
    );

    /// <summary>Revokes an acceptance: the failure counts again.</summary>
    /// <returns>What is no longer accepted.</returns>
    /// <exception cref="BackupException">AcceptanceNotFound or FailureAmbiguous.</exception>
    Task<AcceptedFailure> RevokeAcceptanceAsync(string name, FailureChoice choice, CancellationToken cancellationToken);

    /// <summary>
    /// Writes a report of what this machine knows as an HTML file. Whatever cannot be read is named in it and never hides the rest.
    /// </summary>
    /// <returns>An error for each configuration that could not be read.</returns>
    /// <exception cref="BackupException">ConfigurationNotFound or FileExists.</exception>
    Task<IReadOnlyList<BackupException>> ExportReportAsync(ReportRequest request, CancellationToken cancellationToken);

    /// <summary>A configuration's status according to the repository: for machines that never ran it.</summary>
    Task<BackupStatus> GetRepositoryStatusAsync(string name, ISecretStore secrets, CancellationToken cancellationToken);

    /// <summary>Snapshots of a configuration, oldest first.</summary>
    Task<IReadOnlyList<BackupSnapshot>> GetSnapshotsAsync(string name, ISecretStore secrets, CancellationToken cancellationToken);

    /// <summary>
    /// The items at a path of a snapshot: a folder's contents, or the matches of a pattern. What cannot be read is a warning that names it.
    /// </summary>
    IAsyncEnumerable<BackupItem> GetItemsAsync(
        string name,
        string snapshotId,
        string path,
        bool recurse,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    );

    /// <summary>Finds items in snapshots, newest first; each version of an item once.</summary>
    IAsyncEnumerable<BackupItem> FindItemsAsync(
        string name,
        ItemQuery query,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    );

    /// <summary>Restores paths of a snapshot to a folder or to Microsoft 365.</summary>
    IAsyncEnumerable<RestoredItem> RestoreAsync(
        string name,
        RestoreRequest request,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    );

    /// <summary>Removes snapshots and everything that no snapshot needs any more, or plans it.</summary>
    Task<RetentionResult> RunRetentionAsync(
        string name,
        RetentionOptions options,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    );

    /// <summary>Sets a configuration's schedule and registers it, or says what would be registered.</summary>
    /// <exception cref="BackupException">ScheduleInvalid, ScheduleZoneUnknown, ScheduleNotExpressible or ScheduleNotRegistered.</exception>
    Task<BackupSchedule> SetScheduleAsync(string name, ScheduleRequest request, CancellationToken cancellationToken);

    /// <summary>Removes a schedule, wherever it was registered.</summary>
    /// <exception cref="BackupException">ScheduleMissing.</exception>
    Task RemoveScheduleAsync(string name, CancellationToken cancellationToken);

    /// <summary>Enables a schedule again.</summary>
    /// <exception cref="BackupException">ScheduleMissing.</exception>
    Task<BackupSchedule> EnableScheduleAsync(string name, CancellationToken cancellationToken);

    /// <summary>Disables a schedule: it stays registered, and nothing is due until it is enabled again.</summary>
    /// <exception cref="BackupException">ScheduleMissing.</exception>
    Task<BackupSchedule> DisableScheduleAsync(string name, CancellationToken cancellationToken);

    /// <summary>Runs what is due until cancelled.</summary>
    Task RunSchedulerAsync(SchedulerOptions options, ISecretStore secrets, IBackupObserver observer, CancellationToken cancellationToken);

    /// <summary>Accepts WhatsApp's webhooks for a configuration until cancelled.</summary>
    /// <exception cref="BackupException">WhatsAppNotConfigured, ReceiverSpoolNotFolder, ReceiverSecretMissing, ReceiverAddressInvalid,
    /// ReceiverAddressTaken, ReceiverSpoolUnwritable.</exception>
    Task RunWhatsAppReceiverAsync(
        string name,
        ReceiverRequest request,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    );

    /// <summary>Writes a configuration's runbook for Azure Automation.</summary>
    /// <exception cref="BackupException">RunbookFolderTarget or FileExists.</exception>
    Task ExportRunbookAsync(string name, string path, bool overwrite, CancellationToken cancellationToken);

    /// <summary>The holds of a configuration, oldest first.</summary>
    Task<IReadOnlyList<BackupHold>> GetHoldsAsync(string name, ISecretStore secrets, CancellationToken cancellationToken);

    /// <summary>Puts a configuration, a resource or a snapshot on hold, and records it.</summary>
    /// <exception cref="BackupException">HoldTargetUnknown, SnapshotNotFound, or HoldOfCheckpoint.</exception>
    Task<BackupHold> SetHoldAsync(string name, HoldRequest request, ISecretStore secrets, CancellationToken cancellationToken);

    /// <summary>Lifts a hold, and records it.</summary>
    /// <exception cref="BackupException">HoldNotFound.</exception>
    Task<BackupHold> RemoveHoldAsync(string name, HoldRequest request, ISecretStore secrets, CancellationToken cancellationToken);

    /// <summary>The audit log of a configuration, verified.</summary>
    /// <exception cref="BackupException">AuditLogBroken.</exception>
    Task<IReadOnlyList<AuditEntry>> GetAuditLogAsync(string name, ISecretStore secrets, CancellationToken cancellationToken);

    /// <summary>
    /// Whether a change of a configuration keeps less than its Legal policy did: such a change must be confirmed and is recorded.
    /// </summary>
    Task<bool> ShortensRetentionAsync(BackupConfiguration changed, CancellationToken cancellationToken);

    /// <summary>Validates and replaces a configuration, and records that its retention was shortened.</summary>
    Task ShortenRetentionAsync(
        BackupConfiguration changed,
        string reason,
        string author,
        ISecretStore secrets,
        CancellationToken cancellationToken
    );

    /// <summary>The passwords that open the repository.</summary>
    Task<IReadOnlyList<BackupKey>> GetKeysAsync(string name, ISecretStore secrets, CancellationToken cancellationToken);

    /// <summary>Adds a password that is in the vault.</summary>
    Task<BackupKey> AddKeyAsync(string name, SecretReference password, ISecretStore secrets, CancellationToken cancellationToken);

    /// <summary>Removes a password, but never the one that the configuration uses.</summary>
    Task RemoveKeyAsync(string name, string id, ISecretStore secrets, CancellationToken cancellationToken);

    /// <summary>Declares that what is left of an altered audit log counts from now on, and records it.</summary>
    /// <exception cref="BackupException">AuditLogSound: there is nothing to decide.</exception>
    Task<AuditEntry> AcceptAuditLogAsync(
        string name,
        string reason,
        string author,
        ISecretStore secrets,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Repairs the index, and optionally packs and snapshots, from what is known; nothing becomes less readable than it was.
    /// </summary>
    /// <exception cref="BackupException">PackIdInvalid; RepositoryDoubtful: the storage does not show what exists.</exception>
    Task<RepairResult> RepairAsync(
        string name,
        RepairOptions options,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    );

    /// <summary>The locks of a configuration's repository.</summary>
    Task<IReadOnlyList<BackupLock>> GetLocksAsync(string name, ISecretStore secrets, CancellationToken cancellationToken);

    /// <summary>Removes locks of a configuration's repository, and reports what became of all existing ones.</summary>
    /// <param name="name">The configuration.</param>
    /// <param name="dead">Locks to remove if they are dead; if only that can tell, they are watched for minutes.</param>
    /// <param name="forced">Locks to remove in any case.</param>
    /// <param name="secrets">The vault.</param>
    /// <param name="observer">Is told which locks are being watched.</param>
    /// <param name="cancellationToken">Cancels the watching.</param>
    Task<IReadOnlyList<BackupLock>> RemoveLocksAsync(
        string name,
        IReadOnlyCollection<string> dead,
        IReadOnlyCollection<string> forced,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    );

    /// <summary>Asks an SFTP server for its host key's fingerprint, without trusting it.</summary>
    Task<string> ReadHostKeyAsync(string host, int port, CancellationToken cancellationToken);

    /// <summary>
    /// Reads a certificate with its private key from a PFX or PEM file, proves that it is usable, and returns it in the form to be stored
    /// in a vault.
    /// </summary>
    /// <exception cref="BackupException">CertificateUnusable.</exception>
    Task<string> ReadCertificateAsync(string file, string? password, CancellationToken cancellationToken);

    /// <summary>Checks the repository at the storage, bypassing every cache.</summary>
    Task<IntegrityReport> TestIntegrityAsync(
        string name,
        IntegrityOptions options,
        ISecretStore secrets,
        IBackupObserver observer,
        CancellationToken cancellationToken
    );
}
