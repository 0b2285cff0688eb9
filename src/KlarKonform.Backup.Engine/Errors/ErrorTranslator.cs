using KlarKonform.Backup.Engine.Connections;
using KlarKonform.Backup.Graph;
using KlarKonform.Backup.Repository.Format;
using KlarKonform.Backup.Repository.Locks;
using KlarKonform.Backup.Storage;
using KlarKonform.Backup.WhatsApp;

namespace KlarKonform.Backup.Engine.Errors;

/// <summary>
/// Turns the layers' exceptions into one message for the admin. Only <see cref="BackupException"/> and cancellation leave the engine;
/// anything else is a defect in this product and is reported as one.
/// </summary>
internal static class ErrorTranslator
{
    public static Exception Translate(Exception exception, BackupConfiguration configuration) =>
        exception switch
        {
            BackupException or OperationCanceledException => exception,
            StorageException storage => Storage(storage, configuration),
            RepositoryException repository => Repository(repository, configuration),
            GraphException graph => Graph(graph, configuration),
            WhatsAppException chats => new BackupException(
                ErrorIds.ChatPlaceFailed,
                chats.Kind == WhatsAppErrorKind.AccessDenied ? BackupErrorCategory.PermissionDenied : BackupErrorCategory.ConnectionError,
                configuration.Name,
                chats.Message
            ),
            AggregateException { InnerException: { } inner } => Translate(inner, configuration),
            _ => BackupException.Unexpected(exception, configuration.Name),
        };

    private static BackupException Storage(StorageException error, BackupConfiguration configuration)
    {
        var secret = configuration.Target.Credential ?? configuration.Target.PrivateKey ?? "";
        return error.Kind switch
        {
            StorageErrorKind.Unreachable or StorageErrorKind.Busy => new BackupException(
                ErrorIds.TargetUnreachable,
                BackupErrorCategory.ConnectionError,
                error.Location,
                error.Location,
                error.Message
            ),
            StorageErrorKind.UntrustedCertificate => new BackupException(
                ErrorIds.TargetUntrusted,
                BackupErrorCategory.SecurityError,
                error.Location,
                error.Location,
                error.Message
            ),
            StorageErrorKind.HostKeyMismatch => new BackupException(
                ErrorIds.HostKeyMismatch,
                BackupErrorCategory.SecurityError,
                error.Location,
                error.Location,
                error.Detail
            ),
            StorageErrorKind.AuthenticationFailed when configuration.Target.UseDefaultCredentials == true => new BackupException(
                ErrorIds.TargetDefaultCredentials,
                BackupErrorCategory.AuthenticationError,
                error.Location,
                error.Location,
                error.Message
            ),
            StorageErrorKind.AuthenticationFailed => new BackupException(
                ErrorIds.TargetSignInFailed,
                BackupErrorCategory.AuthenticationError,
                error.Location,
                error.Location,
                secret
            ),
            StorageErrorKind.AccessDenied => new BackupException(
                ErrorIds.TargetAccessDenied,
                BackupErrorCategory.PermissionDenied,
                error.Location,
                error.Location,
                error.Message
            ),
            StorageErrorKind.NotFound => new BackupException(
                ErrorIds.TargetNotFound,
                BackupErrorCategory.ObjectNotFound,
                error.Location,
                error.Location,
                error.Message
            ),
            StorageErrorKind.Full => new BackupException(
                ErrorIds.TargetFull,
                BackupErrorCategory.QuotaExceeded,
                error.Location,
                error.Location,
                error.Message
            ),
            StorageErrorKind.InvalidAnswer => new BackupException(
                ErrorIds.TargetAnswersWrongly,
                BackupErrorCategory.InvalidData,
                error.Location,
                error.Location,
                error.Message
            ),
            StorageErrorKind.RangesIgnored => new BackupException(
                ErrorIds.TargetIgnoresRanges,
                BackupErrorCategory.InvalidData,
                error.Location,
                error.Location
            ),
            StorageErrorKind.Archived => Archived(error),
            StorageErrorKind.InvalidSettings => new BackupException(
                ErrorIds.TargetInvalid,
                BackupErrorCategory.InvalidArgument,
                error.Location,
                error.Location,
                error.Message
            ),
            _ => new BackupException(ErrorIds.TargetError, BackupErrorCategory.NotSpecified, error.Location, error.Location, error.Message),
        };
    }

    /// <summary>What an admin should do about an object that must be restored from the archive first.</summary>
    public static BackupException Archived(StorageException error) =>
        new(ErrorIds.TargetArchived, BackupErrorCategory.InvalidOperation, error.Location, error.Location, error.Key, error.Detail ?? "?");

    private static BackupException Repository(RepositoryException error, BackupConfiguration configuration)
    {
        var place = configuration.Target.Path ?? configuration.Target.Bucket ?? configuration.Name;
        return error.Kind switch
        {
            RepositoryErrorKind.NotARepository => new BackupException(
                ErrorIds.RepositoryMissing,
                BackupErrorCategory.ObjectNotFound,
                place,
                place
            ),
            RepositoryErrorKind.WrongPassword => new BackupException(
                ErrorIds.WrongPassword,
                BackupErrorCategory.AuthenticationError,
                place,
                place,
                configuration.Repository.Password
            ),
            RepositoryErrorKind.UnsupportedVersion or RepositoryErrorKind.AlreadyExists => new BackupException(
                ErrorIds.RepositoryUnsupported,
                BackupErrorCategory.InvalidData,
                place,
                place,
                error.Message
            ),
            RepositoryErrorKind.PurposeTaken when error.Holder?.Purpose?.StartsWith(LockPurposes.Audit, StringComparison.Ordinal) == true =>
                new BackupException(
                    ErrorIds.RepositoryLocked,
                    BackupErrorCategory.ResourceBusy,
                    place,
                    place,
                    error.Message,
                    configuration.Name
                ),
            RepositoryErrorKind.PurposeTaken when error.Holder is { } holder => new BackupException(
                ErrorIds.AlreadyRunningElsewhere,
                BackupErrorCategory.ResourceBusy,
                configuration.Name,
                configuration.Name,
                holder.ProcessId,
                holder.Host,
                holder.Since.ToLocalTime(),
                holder.Renewed.ToLocalTime(),
                (holder.Renewed + RepositoryLock.SilentAfter).ToLocalTime()
            )
            {
                Since = holder.Since,
            },
            RepositoryErrorKind.Doubtful => new BackupException(
                ErrorIds.RepositoryDoubtful,
                BackupErrorCategory.ConnectionError,
                place,
                place,
                error.Message
            ),
            RepositoryErrorKind.Locked => new BackupException(
                ErrorIds.RepositoryLocked,
                BackupErrorCategory.ResourceBusy,
                place,
                place,
                error.Message,
                configuration.Name
            ),
            RepositoryErrorKind.LockUnreadable => new BackupException(
                ErrorIds.LockUnreadable,
                BackupErrorCategory.InvalidData,
                place,
                error.File,
                place,
                configuration.Name
            ),
            _ => new BackupException(ErrorIds.RepositoryDamaged, BackupErrorCategory.InvalidData, place, place, error.Message),
        };
    }

    private static BackupException Graph(GraphException error, BackupConfiguration configuration)
    {
        var tenant = configuration.Tenant;
        var endpoint = GraphFactory.SettingsOf(tenant).Endpoint.Host;
        return error.Kind switch
        {
            GraphErrorKind.SignInFailed => new BackupException(
                ErrorIds.GraphSignInFailed,
                BackupErrorCategory.AuthenticationError,
                tenant.Id,
                tenant.Id,
                error.Code,
                error.Message,
                Texts.Get(
                    error.Code switch
                    {
                        "AADSTS7000222" => "HintSecretExpired",
                        "AADSTS700027" => "HintCertificateUnknown",
                        "AADSTS53003" => "HintConditionalAccess",
                        "ManagedIdentityUnavailable" => "HintManagedIdentity",
                        "AADSTS7000215" => "HintSecretWrong",
                        "AADSTS700016" => "HintAppMissing",
                        "AADSTS90002" => "HintTenantMissing",
                        _ => "HintSignIn",
                    }
                )
            ),
            GraphErrorKind.Unreachable or GraphErrorKind.Throttled => new BackupException(
                ErrorIds.GraphUnreachable,
                BackupErrorCategory.ConnectionError,
                endpoint,
                endpoint,
                error.Message
            ),
            GraphErrorKind.UntrustedCertificate => new BackupException(
                ErrorIds.GraphUntrusted,
                BackupErrorCategory.SecurityError,
                endpoint,
                endpoint,
                error.Message
            ),
            GraphErrorKind.AccessDenied => Denied(error, tenant),
            _ => new BackupException(ErrorIds.GraphError, BackupErrorCategory.NotSpecified, endpoint, error.Code, error.Message),
        };
    }

    private static BackupException Denied(GraphException error, TenantSettings tenant)
    {
        var permission = error.Permission ?? "?";
        if (tenant.Auth.Method == AuthenticationMethod.ManagedIdentity)
        {
            return IsOfTheApp(error.Code)
                ? new BackupException(ErrorIds.GraphAccessDeniedIdentity, BackupErrorCategory.PermissionDenied, tenant.Id, permission)
                : BackupException.WithText(
                    "GraphRefusedIdentity",
                    ErrorIds.GraphAccessDeniedIdentity,
                    BackupErrorCategory.PermissionDenied,
                    tenant.Id,
                    error.Code,
                    permission
                );
        }

        var consent =
            $"{GraphFactory.SettingsOf(tenant).AuthorityHost.ToString().TrimEnd('/')}/{tenant.Id}/adminconsent?client_id={tenant.ClientId}";
        return IsOfTheApp(error.Code)
            ? new BackupException(
                ErrorIds.GraphAccessDenied,
                BackupErrorCategory.PermissionDenied,
                tenant.Id,
                permission,
                tenant.ClientId,
                consent
            )
            : BackupException.WithText(
                "GraphRefused",
                ErrorIds.GraphAccessDenied,
                BackupErrorCategory.PermissionDenied,
                tenant.Id,
                error.Code,
                permission,
                consent
            );
    }

    /// <summary>
    /// Whether a refusal concerns the app's own permissions. Exchange's and SharePoint's codes may also mean a mailbox, a folder or a file
    /// that an admin, a policy or a sensitivity label closes: reporting those as a missing permission would mislead the admin.
    /// </summary>
    private static bool IsOfTheApp(string code) => s_ofTheApp.Contains(code, StringComparer.OrdinalIgnoreCase);

    private static readonly string[] s_ofTheApp =
    [
        "Authorization_RequestDenied",
        "Authorization_IdentityNotFound",
        "MissingApplicationRole",
        "InsufficientScope",
    ];
}
