namespace KlarKonform.Backup;

/// <summary>
/// The ids of all errors, each with its English text's first sentence. Scripts rely on them and they are the texts' keys in the catalog:
/// they never change.
/// </summary>
public static class ErrorIds
{
    /// <summary>No acceptance of '{0}' is recorded in '{1}'.</summary>
    public const string AcceptanceNotFound = "AcceptanceNotFound";

    /// <summary>State with -Reason why it is acceptable that this is not in the backup.</summary>
    public const string AcceptanceReasonMissing = "AcceptanceReasonMissing";

    /// <summary>A backup of '{0}' is already running: process {1} on this computer, since {2}.</summary>
    public const string AlreadyRunning = "AlreadyRunning";

    /// <summary>A backup of '{0}' is already running: process {1} on '{2}', since {3}; its last sign of life was at {4}.</summary>
    public const string AlreadyRunningElsewhere = "AlreadyRunningElsewhere";

    /// <summary>
    /// The audit log of '{0}' is not as it was written: what is left of it does not continue the state {1} that backups recorded.
    /// </summary>
    public const string AuditLogBroken = "AuditLogBroken";

    /// <summary>The audit log of '{0}' is as it was written.</summary>
    public const string AuditLogSound = "AuditLogSound";

    /// <summary>The CA file '{0}' cannot be read: {1}.</summary>
    public const string CaCertificateUnreadable = "CaCertificateUnreadable";

    /// <summary>There is no certificate with the thumbprint '{0}' in the personal store of the user or the computer.</summary>
    public const string CertificateNotFound = "CertificateNotFound";

    /// <summary>The certificate '{0}' cannot be used: {1}.</summary>
    public const string CertificateUnusable = "CertificateUnusable";

    /// <summary>A location for WhatsApp files cannot be read: {0}.</summary>
    public const string ChatPlaceFailed = "ChatPlaceFailed";

    /// <summary>A configuration named '{0}' already exists.</summary>
    public const string ConfigurationExists = "ConfigurationExists";

    /// <summary>The configuration '{0}' is not valid: field '{1}' {2}.</summary>
    public const string ConfigurationFieldInvalid = "ConfigurationFieldInvalid";

    /// <summary>The configuration '{2}' cannot be read ('{0}'): {1}.</summary>
    public const string ConfigurationInvalid = "ConfigurationInvalid";

    /// <summary>There is no configuration named '{0}'.</summary>
    public const string ConfigurationNotFound = "ConfigurationNotFound";

    /// <summary>The retention of '{0}' is Legal and would be shortened, but nobody is there to confirm this.</summary>
    public const string ConfirmationImpossible = "ConfirmationImpossible";

    /// <summary>There is no space left at '{0}': {1}.</summary>
    public const string DestinationFull = "DestinationFull";

    /// <summary>'{0}' cannot be written: {1}.</summary>
    public const string DestinationUnwritable = "DestinationUnwritable";

    /// <summary>The module is incomplete: '{0}' is missing.</summary>
    public const string EngineMissing = "EngineMissing";

    /// <summary>Several failures have the ID '{0}': {1}.</summary>
    public const string FailureAmbiguous = "FailureAmbiguous";

    /// <summary>'{0}' is not among the items missing from '{1}'.</summary>
    public const string FailureNotFound = "FailureNotFound";

    /// <summary>The failure does not say which configuration it belongs to.</summary>
    public const string FailureWithoutConfiguration = "FailureWithoutConfiguration";

    /// <summary>'{0}' already exists.</summary>
    public const string FileExists = "FileExists";

    /// <summary>The app '{1}' lacks the application permission {0}.</summary>
    public const string GraphAccessDenied = "GraphAccessDenied";

    /// <summary>The managed identity lacks the application permission {0}.</summary>
    public const string GraphAccessDeniedIdentity = "GraphAccessDeniedIdentity";

    /// <summary>Microsoft Graph answered '{0}': {1}.</summary>
    public const string GraphError = "GraphError";

    /// <summary>The sign-in to tenant '{0}' was rejected ({1}): {2}.</summary>
    public const string GraphSignInFailed = "GraphSignInFailed";

    /// <summary>Microsoft Graph at '{0}' cannot be reached: {1}.</summary>
    public const string GraphUnreachable = "GraphUnreachable";

    /// <summary>The certificate of '{0}' is not trusted: {1}.</summary>
    public const string GraphUntrusted = "GraphUntrusted";

    /// <summary>'{0}' has no single hold with the ID '{1}'.</summary>
    public const string HoldNotFound = "HoldNotFound";

    /// <summary>The snapshot {0} is a checkpoint: the next run builds on it and replaces it.</summary>
    public const string HoldOfCheckpoint = "HoldOfCheckpoint";

    /// <summary>No snapshot of '{0}' contains a resource '{1}'.</summary>
    public const string HoldTargetUnknown = "HoldTargetUnknown";

    /// <summary>The folder '{0}' cannot be used: {1}.</summary>
    public const string HomeUnwritable = "HomeUnwritable";

    /// <summary>The server '{0}' presents the host key {1}, which is not the pinned one.</summary>
    public const string HostKeyMismatch = "HostKeyMismatch";

    /// <summary>-HostKey and -TrustHostKey cannot be used together.</summary>
    public const string HostKeyTwice = "HostKeyTwice";

    /// <summary>'{0}' is not a secret name.</summary>
    public const string InvalidSecretReference = "InvalidSecretReference";

    /// <summary>Several keys of the repository of '{1}' begin with '{0}'.</summary>
    public const string KeyAmbiguous = "KeyAmbiguous";

    /// <summary>The key {0} belongs to the password that '{1}' uses.</summary>
    public const string KeyInUse = "KeyInUse";

    /// <summary>The repository of '{1}' has no key '{0}'.</summary>
    public const string KeyNotFound = "KeyNotFound";

    /// <summary>
    /// The lock on the repository at '{0}' was lost: it could not be renewed for 20 minutes, or this computer slept and another program
    /// considered the lock abandoned.
    /// </summary>
    public const string LockLost = "LockLost";

    /// <summary>
    /// The lock file {0} of the repository at '{1}' cannot be read, so it is unknown whether anyone is using the repository.
    /// </summary>
    public const string LockUnreadable = "LockUnreadable";

    /// <summary>No resource matches '{0}'.</summary>
    public const string NoResources = "NoResources";

    /// <summary>No backup of '{0}' is running on this computer.</summary>
    public const string NotRunning = "NotRunning";

    /// <summary>'{0}' is not a pack ID: it must be 64 hexadecimal digits, as shown by Test-KKBackup.</summary>
    public const string PackIdInvalid = "PackIdInvalid";

    /// <summary>The snapshot {1} contains nothing at '{0}'.</summary>
    public const string PathNotFound = "PathNotFound";

    /// <summary>-{0} applies to {1}, and none of these is backed up.</summary>
    public const string PatternWithoutSource = "PatternWithoutSource";

    /// <summary>'{0}' is not an IP address.</summary>
    public const string ReceiverAddressInvalid = "ReceiverAddressInvalid";

    /// <summary>The receiver cannot listen at {0}: {1}.</summary>
    public const string ReceiverAddressTaken = "ReceiverAddressTaken";

    /// <summary>The receiver of '{0}' needs the secret '{1}'.</summary>
    public const string ReceiverSecretMissing = "ReceiverSecretMissing";

    /// <summary>The receiver writes to a folder, but the spool of '{0}' is not a folder.</summary>
    public const string ReceiverSpoolNotFolder = "ReceiverSpoolNotFolder";

    /// <summary>The spool folder '{0}' cannot be written to: {1}.</summary>
    public const string ReceiverSpoolUnwritable = "ReceiverSpoolUnwritable";

    /// <summary>The repository at '{0}' is damaged: {1}.</summary>
    public const string RepositoryDamaged = "RepositoryDamaged";

    /// <summary>The storage at '{0}' does not show what is known to be there: {1}.</summary>
    public const string RepositoryDoubtful = "RepositoryDoubtful";

    /// <summary>The repository at '{0}' is in use: {1}.</summary>
    public const string RepositoryLocked = "RepositoryLocked";

    /// <summary>There is no repository at '{0}' yet.</summary>
    public const string RepositoryMissing = "RepositoryMissing";

    /// <summary>The repository at '{0}' belongs to tenant '{1}', but the configuration is for '{2}'.</summary>
    public const string RepositoryOfOtherTenant = "RepositoryOfOtherTenant";

    /// <summary>The repository at '{0}' cannot be written: {1}.</summary>
    public const string RepositoryUnsupported = "RepositoryUnsupported";

    /// <summary>There is no longer a repository at '{0}', although '{1}' has backed up there before.</summary>
    public const string RepositoryVanished = "RepositoryVanished";

    /// <summary>{0} of '{1}' could not be backed up ({2}): {3}.</summary>
    public const string ResourceFailed = "ResourceFailed";

    /// <summary>-InPlace and -TargetFolder cannot be used together.</summary>
    public const string RestoreInPlaceFolder = "RestoreInPlaceFolder";

    /// <summary>'{0}' could not be restored: {1}.</summary>
    public const string RestoreItemFailed = "RestoreItemFailed";

    /// <summary>There is no site '{0}' in the tenant.</summary>
    public const string RestoreSiteUnknown = "RestoreSiteUnknown";

    /// <summary>'{0}' is full: Microsoft 365 does not accept more data.</summary>
    public const string RestoreTargetFull = "RestoreTargetFull";

    /// <summary>There is no user '{0}' in the tenant.</summary>
    public const string RestoreUserUnknown = "RestoreUserUnknown";

    /// <summary>This computer's clock is wrong, and it determines what is too old.</summary>
    public const string RetentionClockOff = "RetentionClockOff";

    /// <summary>
    /// There are {1} days between the newest snapshot of '{0}' and the one before, where usually there are {2}: a clock may be wrong.
    /// </summary>
    public const string RetentionGap = "RetentionGap";

    /// <summary>
    /// The plan of {1:g} for '{0}' was doubtful, and nobody has decided since; now {2} of {3} snapshots would be removed.
    /// </summary>
    public const string RetentionNeedsDecision = "RetentionNeedsDecision";

    /// <summary>{0} of {1} snapshots of '{2}' would be removed at once.</summary>
    public const string RetentionNeedsForce = "RetentionNeedsForce";

    /// <summary>'{0}' has the retention Legal.</summary>
    public const string RetentionReasonMissing = "RetentionReasonMissing";

    /// <summary>{1} snapshots of '{0}' are missing ({2}).</summary>
    public const string RetentionVanished = "RetentionVanished";

    /// <summary>
    /// The backup of '{0}' has been running since {1}, for {2}: longer than the interval of its schedule, so this run was skipped.
    /// </summary>
    public const string RunOverdue = "RunOverdue";

    /// <summary>The run was stopped.</summary>
    public const string RunStopped = "RunStopped";

    /// <summary>'{0}' backs up to a folder, but a runbook's sandbox has no persistent disk.</summary>
    public const string RunbookFolderTarget = "RunbookFolderTarget";

    /// <summary>The backup of '{0}' is running on '{1}'; stop it there.</summary>
    public const string RunningElsewhere = "RunningElsewhere";

    /// <summary>'{0}' is not a five-field cron expression (minute, hour, day of month, month, day of week): {1}.</summary>
    public const string ScheduleInvalid = "ScheduleInvalid";

    /// <summary>'{0}' has no schedule.</summary>
    public const string ScheduleMissing = "ScheduleMissing";

    /// <summary>The operating system's scheduler cannot express '{0}'.</summary>
    public const string ScheduleNotExpressible = "ScheduleNotExpressible";

    /// <summary>The schedule could not be registered: '{0}' reported: {1}.</summary>
    public const string ScheduleNotRegistered = "ScheduleNotRegistered";

    /// <summary>'{0}' is not a time of day.</summary>
    public const string ScheduleTimeInvalid = "ScheduleTimeInvalid";

    /// <summary>Windows Task Scheduler supports only this computer's time zone ('{1}'), not '{0}'.</summary>
    public const string ScheduleZoneNotLocal = "ScheduleZoneNotLocal";

    /// <summary>There is no time zone '{0}'.</summary>
    public const string ScheduleZoneUnknown = "ScheduleZoneUnknown";

    /// <summary>The secret '{0}' cannot be read because the module Microsoft.PowerShell.SecretManagement is not installed.</summary>
    public const string SecretManagementMissing = "SecretManagementMissing";

    /// <summary>The vault '{0}' contains no secret named '{1}'.</summary>
    public const string SecretNotFound = "SecretNotFound";

    /// <summary>The secret '{0}' could not be stored: {1}.</summary>
    public const string SecretNotStored = "SecretNotStored";

    /// <summary>The secret '{0}' cannot be read: {1}.</summary>
    public const string SecretUnreadable = "SecretUnreadable";

    /// <summary>The secret '{0}' must be {1}, but it is {2}.</summary>
    public const string SecretWrongType = "SecretWrongType";

    /// <summary>{0} shards are not possible.</summary>
    public const string ShardCountInvalid = "ShardCountInvalid";

    /// <summary>With {1} shards, there is no shard {0}.</summary>
    public const string ShardIndexInvalid = "ShardIndexInvalid";

    /// <summary>'{0}' is not a share of the data.</summary>
    public const string ShareInvalid = "ShareInvalid";

    /// <summary>The parameters name several ways to sign in: {0}.</summary>
    public const string SignInAmbiguous = "SignInAmbiguous";

    /// <summary>More than one snapshot begins with '{0}'.</summary>
    public const string SnapshotAmbiguous = "SnapshotAmbiguous";

    /// <summary>The configuration '{0}' has no snapshot '{1}'.</summary>
    public const string SnapshotNotFound = "SnapshotNotFound";

    /// <summary>'{0}' is not a source of the configuration '{1}'.</summary>
    public const string SourceUnknown = "SourceUnknown";

    /// <summary>The backup of '{0}' has not stopped within {1} seconds, although it was asked to.</summary>
    public const string StopTimedOut = "StopTimedOut";

    /// <summary>The storage '{0}' denies access: {1}.</summary>
    public const string TargetAccessDenied = "TargetAccessDenied";

    /// <summary>The storage '{0}' gives answers that contradict themselves or the protocol: {1}.</summary>
    public const string TargetAnswersWrongly = "TargetAnswersWrongly";

    /// <summary>The object '{1}' of '{0}' is in the storage class {2} and cannot be read as it is.</summary>
    public const string TargetArchived = "TargetArchived";

    /// <summary>Could not sign in to the storage '{0}' with the AWS default credentials: {1}.</summary>
    public const string TargetDefaultCredentials = "TargetDefaultCredentials";

    /// <summary>The storage '{0}' reports: {1}.</summary>
    public const string TargetError = "TargetError";

    /// <summary>The storage '{0}' is full: {1}.</summary>
    public const string TargetFull = "TargetFull";

    /// <summary>The storage '{0}' ignores ranges: when asked for part of an object, it sends the object from the first byte.</summary>
    public const string TargetIgnoresRanges = "TargetIgnoresRanges";

    /// <summary>The settings for '{0}' cannot work: {1}.</summary>
    public const string TargetInvalid = "TargetInvalid";

    /// <summary>'{0}' does not exist: {1}.</summary>
    public const string TargetNotFound = "TargetNotFound";

    /// <summary>The storage '{0}' rejected the credentials.</summary>
    public const string TargetSignInFailed = "TargetSignInFailed";

    /// <summary>The storage '{0}' cannot be reached: {1}.</summary>
    public const string TargetUnreachable = "TargetUnreachable";

    /// <summary>The certificate of '{0}' is not trusted: {1}.</summary>
    public const string TargetUntrusted = "TargetUntrusted";

    /// <summary>An unexpected error occurred, which is a defect in this program: {0}.</summary>
    public const string Unexpected = "Unexpected";

    /// <summary>There is no secret vault named '{0}'.</summary>
    public const string VaultNotFound = "VaultNotFound";

    /// <summary>A secret value was given without -Vault.</summary>
    public const string VaultRequired = "VaultRequired";

    /// <summary>The check after the run found problems: {0}.</summary>
    public const string VerificationFailed = "VerificationFailed";

    /// <summary>The secret '{0}' is not an https address.</summary>
    public const string WebhookInvalid = "WebhookInvalid";

    /// <summary>The configuration '{0}' has no WhatsApp webhooks.</summary>
    public const string WhatsAppNotConfigured = "WhatsAppNotConfigured";

    /// <summary>Whose chats are these?</summary>
    public const string WhatsAppNumberMissing = "WhatsAppNumberMissing";

    /// <summary>'{0}' is not a location for WhatsApp files.</summary>
    public const string WhatsAppPlaceInvalid = "WhatsAppPlaceInvalid";

    /// <summary>The password in the secret '{1}' does not open the repository at '{0}'.</summary>
    public const string WrongPassword = "WrongPassword";
}
