namespace KlarKonform.Backup.Graph;

/// <summary>What a failed request means.</summary>
public enum GraphErrorKind
{
    /// <summary>None of the other kinds.</summary>
    Other,

    /// <summary>No connection, or no response after all attempts.</summary>
    Unreachable,

    /// <summary>The server's TLS certificate is not trusted.</summary>
    UntrustedCertificate,

    /// <summary>The sign-in was refused.</summary>
    SignInFailed,

    /// <summary>Signed in, but the app lacks a permission.</summary>
    AccessDenied,

    /// <summary>It does not exist (any more).</summary>
    NotFound,

    /// <summary>What was asked for as a whole no longer exists: the user of a mailbox or drive, the site.</summary>
    ResourceGone,

    /// <summary>The user has no mailbox or no OneDrive: nothing to back up.</summary>
    NotProvisioned,

    /// <summary>The delta link expired: read everything again.</summary>
    ResyncRequired,

    /// <summary>The mailbox is over its quota: it takes nothing more and has no room for delta's own state (list instead).</summary>
    QuotaExceeded,

    /// <summary>Throttled for longer than this program waits.</summary>
    Throttled,

    /// <summary>The item is damaged at the server.</summary>
    CorruptItem,

    /// <summary>An admin has locked the site, or someone the file.</summary>
    Locked,

    /// <summary>The file is blocked as malware.</summary>
    Malware,

    /// <summary>The received bytes do not match what Graph announced.</summary>
    IntegrityMismatch,
}
