namespace KlarKonform.Backup;

/// <summary>Categories of errors; the names are PowerShell's.</summary>
public enum BackupErrorCategory
{
    /// <summary>None of the others.</summary>
    NotSpecified,

    /// <summary>Something does not exist.</summary>
    ObjectNotFound,

    /// <summary>Something exists already.</summary>
    ResourceExists,

    /// <summary>A value cannot work.</summary>
    InvalidArgument,

    /// <summary>Stored data is damaged or of an unknown form.</summary>
    InvalidData,

    /// <summary>A server cannot be reached.</summary>
    ConnectionError,

    /// <summary>A sign-in was refused.</summary>
    AuthenticationError,

    /// <summary>A certificate, host key or permission forbids it.</summary>
    SecurityError,

    /// <summary>Not allowed.</summary>
    PermissionDenied,

    /// <summary>Something else holds it.</summary>
    ResourceBusy,

    /// <summary>The request does not fit the current state.</summary>
    InvalidOperation,

    /// <summary>Someone stopped it.</summary>
    OperationStopped,

    /// <summary>Something did not happen in time.</summary>
    OperationTimeout,

    /// <summary>The storage is full.</summary>
    QuotaExceeded,

    /// <summary>A needed module or vault is missing.</summary>
    NotInstalled,
}
