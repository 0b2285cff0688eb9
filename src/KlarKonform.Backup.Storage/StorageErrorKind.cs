namespace KlarKonform.Backup.Storage;

/// <summary>What went wrong at the storage.</summary>
public enum StorageErrorKind
{
    /// <summary>None of the other kinds.</summary>
    Other,

    /// <summary>No connection, or it broke.</summary>
    Unreachable,

    /// <summary>The server asks to slow down or reports a fault of its own.</summary>
    Busy,

    /// <summary>The TLS certificate is not trusted.</summary>
    UntrustedCertificate,

    /// <summary>The SSH host key is not the pinned one.</summary>
    HostKeyMismatch,

    /// <summary>The credentials were refused.</summary>
    AuthenticationFailed,

    /// <summary>Signed in, but not allowed.</summary>
    AccessDenied,

    /// <summary>The object, folder or bucket does not exist.</summary>
    NotFound,

    /// <summary>The disk or the quota is full.</summary>
    Full,

    /// <summary>The settings cannot work, for example an unreadable private key.</summary>
    InvalidSettings,

    /// <summary>
    /// The server's response contradicts itself or the protocol: a listing that breaks off and says so, an error page with a success
    /// status. Trusting it would mean taking existing objects for missing. The next response may be right.
    /// </summary>
    InvalidAnswer,

    /// <summary>The server, or a proxy in front of it, was asked for a part of an object and started at its first byte.</summary>
    RangesIgnored,

    /// <summary>The object is in a storage class that must be restored at the provider before it can be read.</summary>
    Archived,
}
